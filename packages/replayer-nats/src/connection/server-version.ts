import { helixError, type Logger } from "@helix/core";

/** Older ones bring acknowledged messages back, or lose a whole stream after a kill (until 2.10.22). */
export const MINIMUM = [2, 10, 27] as const;
/** The oldest minor version that its makers still mend. */
export const SUPPORTED = [2, 12, 0] as const;

/** @throws HelixError HELIX_SERVER_UNSUPPORTED for an old or unknown version, unless it is allowed. */
export function checkServer(
  version: string | undefined,
  { allowOldServer, logger }: { allowOldServer: boolean; logger: Logger | undefined },
): void {
  if (!isAtLeast(version, MINIMUM)) {
    const minimum = MINIMUM.join(".");
    const text = `NATS server ${version ?? "of unknown version"} is not supported; it must be ${minimum} or later`;
    if (!allowOldServer)
      throw helixError("HELIX_SERVER_UNSUPPORTED", text, { version: version ?? "", minimum });
    logger?.warn({ version, minimum }, "this NATS server may lose messages, and is allowed all the same");
  } else if (!isAtLeast(version, SUPPORTED)) {
    logger?.warn({ version }, "this NATS server is no longer maintained");
  }
}

/** Whether a server of this version has what came with another. */
export function isAtLeast(version: string | undefined, minimum: readonly number[]): boolean {
  const numbers = /^v?(\d+)\.(\d+)\.(\d+)/
    .exec(version ?? "")
    ?.slice(1)
    .map(Number);
  return numbers !== undefined && !isBelow(numbers, minimum);
}

function isBelow(version: readonly number[], other: readonly number[]): boolean {
  const index = other.findIndex((number, at) => (version[at] ?? 0) !== number);
  return index >= 0 && (version[index] ?? 0) < (other[index] ?? 0);
}
