/**
 * Whether one part of the service does its work; `detail` says why not, or what somebody has to look after. Nothing bound to a statement is in
 * it.
 */
export interface PartHealth {
  readonly up: boolean;
  /** It is not up, for no fault of the service or of its configuration. @default false */
  readonly isAway?: boolean | undefined;
  readonly detail?: string | undefined;
}

export interface ReadinessReport {
  /** All is up that the service needs to be ready. */
  readonly ready: boolean;
  readonly allUp: boolean;
  /** A sentence for each part that is not up. */
  readonly missing: readonly string[];
  readonly parts: Readonly<Record<string, PartHealth>>;
}

/** Whether the service can do its work, and what is missing. */
export class Readiness {
  readonly #parts = new Map<string, () => PartHealth>();
  readonly #mayBeAway: boolean;

  /** @param options.mayBeAway Whether it is ready without what is merely away. */
  constructor(options: { readonly mayBeAway: boolean }) {
    this.#mayBeAway = options.mayBeAway;
  }

  /** Adds a part, or replaces what is known of it. Its health is asked for with each report. */
  set(part: string, health: () => PartHealth): void {
    this.#parts.set(part, health);
  }

  report(): ReadinessReport {
    const parts = [...this.#parts].map(([part, health]): [string, PartHealth] => [part, health()]);
    const missing = parts
      .filter(([, { up }]) => !up)
      .map(([part, { detail }]) => (detail === undefined ? part : `${part}: ${detail}`));
    const isReady = ([, { up, isAway }]: [string, PartHealth]) => up || (this.#mayBeAway && isAway === true);
    return {
      ready: parts.every(isReady),
      allUp: missing.length === 0,
      missing,
      parts: Object.fromEntries(parts),
    };
  }
}
