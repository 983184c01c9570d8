import { createRequire } from "node:module";
import * as driver from "cassandra-driver";

/** What the tests need of a copy of the driver; `Encoder` and `getByName` are not in its declarations. */
export interface DriverCopy {
  readonly types: typeof driver.types;
  readonly Encoder: new (protocolVersion: number, options: { encoding: object }) => ValueEncoder;
}

export interface ValueEncoder {
  encode(value: unknown, type: unknown): unknown;
}

export const ownDriver = driver as unknown as DriverCopy;

/** Loads the driver, and the classes it depends on, a second time: no class of it is one of ours. */
export function loadForeignDriver(): DriverCopy {
  const require = createRequire(import.meta.url);
  const entry = require.resolve("cassandra-driver");
  const own = { ...require.cache };
  for (const path of Object.keys(require.cache)) delete require.cache[path];
  try {
    return require(entry) as DriverCopy;
  } finally {
    for (const path of Object.keys(require.cache)) delete require.cache[path];
    Object.assign(require.cache, own);
  }
}

/** A CQL type by its name, e.g. `map<text,frozen<list<int>>>`. */
export function cqlType(name: string): unknown {
  const { dataTypes } = ownDriver.types as unknown as { dataTypes: { getByName(name: string): unknown } };
  return dataTypes.getByName(name);
}

/** The driver's encoder in one mode of its options for BigInt, Map and Set, for protocol 4. */
export function encoderOf(encoding: object = {}, copy: DriverCopy = ownDriver): ValueEncoder {
  return new copy.Encoder(4, { encoding: { useUndefinedAsUnset: true, ...encoding } });
}

export const ENCODERS = {
  plain: encoderOf(),
  collections: encoderOf({ map: Map, set: Set }),
  bigint: encoderOf({ useBigIntAsLong: true, useBigIntAsVarint: true }),
} as const;

/** What the driver would send for a value, in words that can be compared. */
export function sent(encoder: ValueEncoder, value: unknown, type: unknown, copy = ownDriver): string {
  const bytes = encoder.encode(value, type);
  if (bytes === copy.types.unset) return "unset";
  return bytes === null ? "null" : Buffer.from(bytes as Uint8Array).toString("hex");
}
