import type { Params } from "@helix/safety";
import { types } from "cassandra-driver";
import type { CorpusLine } from "../corpus/corpus-line.ts";

/** What JSON has no word for. */
const SPECIAL: Readonly<Record<string, (of: never) => unknown>> = {
  $unset: () => types.unset,
  $hex: (of: string) => Buffer.from(of, "hex"),
  $date: (of: number) => new Date(of),
  $localdate: (of: string) => types.LocalDate.fromString(of),
  $localtime: (of: string) => types.LocalTime.fromString(of),
  $duration: (of: string) => types.Duration.fromString(of),
  $inet: (of: string) => types.InetAddress.fromString(of),
  $tuple: (of: unknown[]) => new types.Tuple(...of.map(driverValue)),
  $vector: (of: number[]) => new Float32Array(of),
};

/** What a line binds, as the driver takes it. */
export function driverValues({ params = [] }: CorpusLine): Params {
  return driverValue(params) as Params;
}

function driverValue(json: unknown): unknown {
  if (Array.isArray(json)) return json.map(driverValue);
  if (typeof json !== "object" || json === null) return json;
  const [[key = "", inner] = []] = Object.entries(json);
  const special = SPECIAL[key];
  if (special !== undefined) return special(inner as never);
  return Object.fromEntries(Object.entries(json).map(([name, value]) => [name, driverValue(value)]));
}
