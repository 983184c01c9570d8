/** What every source of servers is given. */
export interface StartContext {
  /** Told what takes long, a line at a time. */
  readonly onProgress: (line: string) => void;
  readonly signal: AbortSignal;
}

/** "Not on this machine": the next source is tried. The message says why. */
export class ProviderUnavailableError extends Error {
  override readonly name = "ProviderUnavailableError";
}

/** A source's name, for the reasons, and what starts its servers. */
export type Candidate<T> = readonly [source: string, start: () => Promise<T>];

/**
 * What the first usable candidate comes to. Rejects with what went wrong where one was there but failed (the
 * next is not tried then), with the signal's reason, or with `none`, which is given why each was not used.
 */
export async function firstUsable<T>(
  candidates: readonly Candidate<T>[],
  signal: AbortSignal,
  none: (reasons: readonly string[]) => Error,
): Promise<T> {
  const reasons: string[] = [];
  for (const [source, start] of candidates) {
    signal.throwIfAborted();
    try {
      return await start();
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof ProviderUnavailableError)) throw error;
      reasons.push(`${source} not used: ${error.message}`);
    }
  }
  throw none(reasons);
}

/**
 * The one source to use, by option or else by `HELIX_TESTKIT_PROVIDER`; undefined for the first usable.
 * Throws a `TypeError` where it is none of `sources`.
 */
export function requestedSource<Source extends string>(
  option: Source | undefined,
  sources: readonly Source[],
): Source | undefined {
  const value = option ?? (process.env.HELIX_TESTKIT_PROVIDER || undefined);
  if (value === undefined || sources.includes(value as Source)) return value as Source | undefined;
  const name = option === undefined ? "HELIX_TESTKIT_PROVIDER" : "provider";
  throw new TypeError(`Expected \`${name}\` to be one of ${sources.join(", ")}, got \`${value}\``);
}
