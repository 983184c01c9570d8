import { isIP } from "node:net";
import { type ValueKind, valueKind } from "@helix/core/internal";
import { types } from "cassandra-driver";
import { longToBigint } from "./driver-values.ts";
import { invalid } from "./invalid.ts";

/** The type of a column, as the driver's metadata has it. */
export interface ColumnType {
  readonly code: number;
  readonly info?: unknown;
  readonly customTypeName?: string | undefined;
}

/** Those of the driver's options `encoding` that decide which values a column takes. */
export interface ColumnEncoding {
  readonly useBigIntAsLong?: boolean | undefined;
  readonly useBigIntAsVarint?: boolean | undefined;
  /** The class that maps are bound as. */
  readonly map?: unknown;
  /** The class that sets are bound as. */
  readonly set?: unknown;
}

/** What is wrong with a value for a column, and where in the value. */
interface Fault {
  readonly what: string;
  readonly at: string;
}

type Rule = (
  value: unknown,
  kind: ValueKind | undefined,
  type: ColumnType,
  encoding: ColumnEncoding,
) => Fault | undefined;

const { dataTypes } = types as unknown as { dataTypes: Readonly<Record<string, number>> };
const DURATION = "org.apache.cassandra.db.marshal.DurationType";
const MIN_INT64 = -(2n ** 63n);
const MAX_INT64 = 2n ** 63n - 1n;

/**
 * Refuses a value that the driver would send to this column as another one, or would not send at all. What it
 * sends as it is meant is not for us to forbid: null, unset, and bytes go to any column.
 *
 * @param path What the value is called in the error.
 * @throws HelixError HELIX_PAYLOAD_INVALID naming path, type and reason, never the value.
 */
export function checkColumn(value: unknown, type: ColumnType, encoding: ColumnEncoding, path: string): void {
  const fault = faultIn(value, type, encoding);
  if (fault === undefined) return;
  const where = path + fault.at;
  throw invalid(`Cannot bind \`${where}\`: ${fault.what}`, where);
}

function faultIn(value: unknown, type: ColumnType, encoding: ColumnEncoding): Fault | undefined {
  const kind = valueKind(value);
  if (kind === "null" || kind === "undefined" || kind === "unset" || kind === "buffer") return undefined;
  return ruleOf(type)?.(value, kind, type, encoding);
}

function ruleOf(type: ColumnType): Rule | undefined {
  if (type.code !== dataTypes.custom) return RULES.get(type.code);
  if (type.customTypeName === "vector" && Array.isArray(type.info)) return vector;
  return type.info === DURATION ? oneKind("duration", "duration") : undefined;
}

const fault = (what: string): Fault => ({ what, at: "" });

/** A column that takes one class of the driver, and texts of one form. */
function oneKind(name: string, kind: ValueKind, isText?: (text: string) => boolean): Rule {
  return (value, found) => {
    if (found === kind) return undefined;
    if (found !== "string" || isText === undefined) return fault(`${name} takes no ${found}`);
    return isText(value as string) ? undefined : fault(`the text is no ${name}`);
  };
}

const isInteger = (text: string) => /^-?\d+$/.test(text);
const isUuid = (text: string) => /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text);
/** Without a zone the driver takes it for local time; a date alone is UTC to JavaScript. */
const isInstant = (text: string) =>
  /^\d{4}-\d\d-\d\d(?:T[\d:.]+(?:Z|[+-]\d\d:?\d\d))?$/.test(text) && !Number.isNaN(Date.parse(text));

const text: Rule = (_value, kind) => (kind === "string" ? undefined : fault(`text takes no ${kind}`));

const ascii: Rule = (value, kind) => {
  if (kind !== "string") return fault(`ascii takes no ${kind}`);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: all of ASCII, these included
  return /^[\x00-\x7f]*$/.test(value as string) ? undefined : fault("the text is no ascii");
};

/** Whole numbers within bounds, by whichever class the driver's mode takes. */
function whole(
  name: string,
  min: bigint | undefined,
  max: bigint | undefined,
  own: ValueKind | undefined,
): Rule {
  return (value, kind, _type, encoding) => {
    const asBigint =
      name === "varint" ? encoding.useBigIntAsVarint : own === "long" && encoding.useBigIntAsLong;
    const takes = asBigint ? ["bigint", "string"] : ["number", "string", ...(own === undefined ? [] : [own])];
    if (!takes.includes(kind as string)) return fault(`${name} takes no ${kind}`);
    // An Integer of the driver is as long as it needs to be, and only varint takes it.
    if (kind === "integer") return undefined;
    if (kind === "number" && !Number.isSafeInteger(value)) return fault(`${name} takes safe integers`);
    if (kind === "string" && !isInteger(value as string)) return fault(`the text is no ${name}`);
    const number = kind === "long" ? longToBigint(value) : BigInt(value as string | number | bigint);
    const isWithin = (min === undefined || number >= min) && (max === undefined || number <= max);
    return isWithin ? undefined : fault(`out of range for ${name}`);
  };
}

const small = (name: string, bits: number) =>
  whole(name, -(2n ** BigInt(bits - 1)), 2n ** BigInt(bits - 1) - 1n, undefined);

const decimal: Rule = (value, kind) => {
  if (kind === "decimal") return undefined;
  if (kind !== "number" && kind !== "string") return fault(`decimal takes no ${kind}`);
  // The driver drops an exponent without a word, and takes NaN for 0.
  return /^-?\d+(?:\.\d+)?$/.test(String(value)) ? undefined : fault("no decimal without an exponent");
};

const real: Rule = (value, kind) => {
  if (kind === "number") return undefined;
  if (kind !== "string") return fault(`a floating point column takes no ${kind}`);
  return /^[-+]?\d+(?:\.\d+)?(?:e[-+]?\d+)?$/i.test(value as string)
    ? undefined
    : fault("the text is no number");
};

const timestamp: Rule = (value, kind) => {
  if (kind === "date" || kind === "long") return undefined;
  if (kind === "number") {
    return Number.isSafeInteger(value) ? undefined : fault("timestamp takes whole milliseconds");
  }
  if (kind !== "string") return fault(`timestamp takes no ${kind}`);
  return isInstant(value as string) ? undefined : fault("the text is no time with a zone");
};

const timeuuid: Rule = (value, kind) => {
  const hex = String(value);
  if (kind !== "uuid" && kind !== "timeuuid" && !(kind === "string" && isUuid(hex))) {
    return fault(`timeuuid takes no ${kind === "string" ? "such text" : kind}`);
  }
  return hex.charAt(14) === "1" ? undefined : fault("timeuuid takes UUIDs of version 1");
};

const uuid: Rule = (value, kind, type, encoding) =>
  kind === "timeuuid" ? undefined : oneKind("uuid", "uuid", isUuid)(value, kind, type, encoding);

/** Items of a collection: the driver has no way to write one that is not there, or an empty one inside. */
function items(values: Iterable<unknown>, type: ColumnType, encoding: ColumnEncoding): Fault | undefined {
  let index = 0;
  for (const value of values) {
    const found = itemFault(value, type, encoding);
    if (found !== undefined) return { what: found.what, at: `[${index}]${found.at}` };
    index++;
  }
  return undefined;
}

function itemFault(value: unknown, type: ColumnType, encoding: ColumnEncoding): Fault | undefined {
  const kind = valueKind(value);
  if (kind === "null" || kind === "undefined" || kind === "unset")
    return fault(`a collection takes no ${kind}`);
  if (kind === "array" && (value as unknown[]).length === 0)
    return fault("the driver cannot write an empty list inside");
  return faultIn(value, type, encoding);
}

const list: Rule = (value, kind, type, encoding) =>
  kind === "array"
    ? items(value as unknown[], type.info as ColumnType, encoding)
    : fault(`list takes no ${kind}`);

const set: Rule = (value, kind, type, encoding) =>
  kind === "array" || (kind === "set" && encoding.set !== undefined)
    ? items(value as Iterable<unknown>, type.info as ColumnType, encoding)
    : fault(
        kind === "set"
          ? "set takes a Set only with the driver's option `encoding.set`"
          : `set takes no ${kind}`,
      );

const map: Rule = (value, kind, type, encoding) => {
  const [keyType, valueType] = type.info as readonly [ColumnType, ColumnType];
  if (kind === "map" && encoding.map === undefined) {
    return fault("map takes a Map only with the driver's option `encoding.map`");
  }
  if (kind !== "map" && kind !== "object") return fault(`map takes no ${kind}`);
  const entries = kind === "map" ? [...(value as Map<unknown, unknown>)] : Object.entries(value as object);
  const keys = items(
    entries.map(([key]) => key),
    keyType,
    encoding,
  );
  if (keys !== undefined) return { what: keys.what, at: `.keys${keys.at}` };
  const values = items(
    entries.map(([, item]) => item),
    valueType,
    encoding,
  );
  return values && { what: values.what, at: `.values${values.at}` };
};

const tuple: Rule = (value, kind, type, encoding) => {
  if (kind !== "tuple") return fault(`tuple takes no ${kind}`);
  const { elements } = value as { elements: readonly unknown[] };
  const columns = type.info as readonly ColumnType[];
  if (elements.length > columns.length) return fault(`a tuple of more than ${columns.length} elements`);
  for (const [index, element] of elements.entries()) {
    // Written with a length that no server understands.
    const found =
      element === undefined
        ? fault("tuple takes no undefined")
        : faultIn(element, columns[index] as ColumnType, encoding);
    if (found !== undefined) return { what: found.what, at: `[${index}]${found.at}` };
  }
  return undefined;
};

const udt: Rule = (value, kind, type, encoding) => {
  if (kind !== "object") return fault(`a user-defined type takes no ${kind}`);
  const { fields } = type.info as { fields: readonly { readonly name: string; readonly type: ColumnType }[] };
  const names = new Map(fields.map((field) => [field.name, field.type]));
  for (const [name, item] of Object.entries(value as object)) {
    const column = names.get(name);
    if (column === undefined) return fault("a field that the user-defined type has not");
    const found = faultIn(item, column, encoding);
    if (found !== undefined) return { what: found.what, at: `.${name}${found.at}` };
  }
  return undefined;
};

const vector: Rule = (value, kind, type, encoding) => {
  const [subtype, dimensions] = type.info as readonly [ColumnType, number];
  if (kind !== "vector" && !(kind === "float32Array" && subtype.code === dataTypes.float)) {
    return fault(`vector takes no ${kind}`);
  }
  const elements =
    kind === "vector" ? (value as { elements: readonly unknown[] }).elements : (value as Float32Array);
  if (elements.length !== dimensions) return fault(`a vector of other than ${dimensions} dimensions`);
  return items(elements, subtype, encoding);
};

const RULES: ReadonlyMap<number | undefined, Rule> = new Map([
  [dataTypes.ascii, ascii],
  [dataTypes.text, text],
  [dataTypes.varchar, text],
  [dataTypes.bigint, whole("bigint", MIN_INT64, MAX_INT64, "long")],
  [dataTypes.counter, whole("counter", MIN_INT64, MAX_INT64, "long")],
  [dataTypes.varint, whole("varint", undefined, undefined, "integer")],
  [dataTypes.int, small("int", 32)],
  [dataTypes.smallint, small("smallint", 16)],
  [dataTypes.tinyint, small("tinyint", 8)],
  [dataTypes.decimal, decimal],
  [dataTypes.double, real],
  [dataTypes.float, real],
  [dataTypes.boolean, oneKind("boolean", "boolean")],
  [dataTypes.blob, oneKind("blob", "buffer")],
  [dataTypes.timestamp, timestamp],
  [dataTypes.date, oneKind("date", "localDate", (value) => /^-?\d{1,7}-\d\d-\d\d$/.test(value))],
  [
    dataTypes.time,
    oneKind("time", "localTime", (value) => /^(?:[01]\d|2[0-3])(?::[0-5]\d){2}(?:\.\d{1,9})?$/.test(value)),
  ],
  [dataTypes.duration, oneKind("duration", "duration")],
  [dataTypes.uuid, uuid],
  [dataTypes.timeuuid, timeuuid],
  [dataTypes.inet, oneKind("inet", "inet", (value) => isIP(value) > 0)],
  [dataTypes.list, list],
  [dataTypes.set, set],
  [dataTypes.map, map],
  [dataTypes.tuple, tuple],
  [dataTypes.udt, udt],
]);
