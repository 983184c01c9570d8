import * as driver from "cassandra-driver";
import type { ColumnEncoding, ColumnType } from "./column-type.ts";

/** Exported by the driver, but missing in its declarations. */
export interface DriverEncoder {
  encode(value: unknown, type: ColumnType): unknown;
  parseFqTypeName(name: string): ColumnType;
  /** In bytes; −1 if it varies. */
  serializationSizeIfFixed(type: ColumnType): number;
}

type EncoderClass = new (protocolVersion: number, options: { encoding: ColumnEncoding }) => DriverEncoder;

/** The bytes of values are the same in all versions of the protocol that have unset (4 and later). */
const PROTOCOL_VERSION = 4;

/** What makes CQL bytes of values in the driver, in one mode of its options. */
export function driverEncoder(encoding: ColumnEncoding): DriverEncoder {
  const { Encoder } = driver as unknown as { readonly Encoder: EncoderClass };
  return new Encoder(PROTOCOL_VERSION, {
    encoding: { useUndefinedAsUnset: true, ...encoding } as ColumnEncoding,
  });
}

/** For what does not depend on the mode. */
export const ANY_MODE: DriverEncoder = driverEncoder({});
