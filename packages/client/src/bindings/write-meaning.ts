import type { ClientOptions } from "cassandra-driver";

/** What the driver's options make of a write, by their names: two clusters that are to get the same must agree on it. */
export interface WriteMeaning {
  readonly "encoding.map": unknown;
  readonly "encoding.set": unknown;
  readonly "encoding.useBigIntAsLong": boolean;
  readonly "encoding.useBigIntAsVarint": boolean;
  /** Whether undefined leaves a column as it is; otherwise it is null, which deletes. */
  readonly "encoding.useUndefinedAsUnset": boolean;
  /** Of a batch that does not say it. */
  readonly "queryOptions.logged": boolean;
}

export function writeMeaningOf({ encoding, queryOptions }: ClientOptions): WriteMeaning {
  const { useUndefinedAsUnset } = { useUndefinedAsUnset: true, ...encoding };
  return {
    "encoding.map": encoding?.map,
    "encoding.set": encoding?.set,
    "encoding.useBigIntAsLong": Boolean(encoding?.useBigIntAsLong),
    "encoding.useBigIntAsVarint": Boolean(encoding?.useBigIntAsVarint),
    "encoding.useUndefinedAsUnset": Boolean(useUndefinedAsUnset),
    "queryOptions.logged": queryOptions?.logged ?? true,
  };
}

/** @throws TypeError naming the option on which two clusters differ. */
export function assertSameMeaning(a: WriteMeaning, b: WriteMeaning): void {
  for (const option of Object.keys(a) as (keyof WriteMeaning)[]) {
    if (a[option] !== b[option]) {
      throw new TypeError(
        `Expected \`clusters.A.${option}\` and \`clusters.B.${option}\` to be the same: a write would be another one on each`,
      );
    }
  }
}
