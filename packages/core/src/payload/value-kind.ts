import { types } from "node:util";
import { helixError } from "../errors.ts";
import { classNameOf } from "../options/expected.ts";

/**
 * Every kind of value that the driver can bind, by the name of its class or of its JavaScript type.
 * `array` and `object` are lists, sets, maps and user-defined types, which only the column tells apart. An `object` is
 * any whose own properties are all there is to it: a plain one, a row, an instance of a class of the application's.
 */
export type ValueKind =
  | "null"
  | "undefined"
  | "unset"
  | "boolean"
  | "number"
  | "bigint"
  | "string"
  | "buffer"
  | "date"
  | "long"
  | "integer"
  | "decimal"
  | "uuid"
  | "timeuuid"
  | "inet"
  | "localDate"
  | "localTime"
  | "duration"
  | "tuple"
  | "vector"
  | "float32Array"
  | "map"
  | "set"
  | "array"
  | "object";

/** Deep enough for any schema, and what ends the walk of a value that contains itself. */
const MAX_DEPTH = 64;

/**
 * What a value is to the driver; undefined for what no CQL type takes as it is meant (functions, symbols,
 * Invalid Date, typed arrays but Float32Array, a Uint8Array that is no Buffer, what is iterable or has a `toBuffer`
 * and is not known, built-in classes). Classes are recognised by shape: the application may have its own copy of the driver.
 * Looks at the value itself only, not at what it contains.
 */
export function valueKind(value: unknown): ValueKind | undefined {
  switch (typeof value) {
    case "string":
      return "string";
    case "number":
      return "number";
    case "boolean":
      return "boolean";
    case "bigint":
      return "bigint";
    case "undefined":
      return "undefined";
    case "object":
      return value === null ? "null" : objectKind(value as Shape);
    default:
      return undefined;
  }
}

type Shape = Record<string, unknown>;

function objectKind(value: Shape): ValueKind | undefined {
  if (Array.isArray(value)) return "array";
  const prototype: object | null = Object.getPrototypeOf(value);
  // A plain object is never anything else, whatever its fields are called. Nor is a row.
  if (prototype === null || Object.hasOwn(value, "__columns")) return "object";
  if (prototype === Object.prototype || isObjectPrototype(prototype)) {
    return isUnset(value) ? "unset" : "object";
  }
  if (ArrayBuffer.isView(value)) return viewKind(value);
  // Before the classes, which take a look at a dozen properties to be told apart.
  if (prototype === Date.prototype) return builtInKind(value);
  return classKind(value) ?? builtInKind(value) ?? (isRecord(value) ? "object" : undefined);
}

/** Whether its properties are all there is to it: not of a promise, a boxed string, a number of another library. */
function isRecord(value: Shape): boolean {
  return (
    Object.prototype.toString.call(value) === "[object Object]" &&
    !(Symbol.iterator in value) &&
    !has(value, "getBuffer") &&
    !has(value, "toBuffer")
  );
}

/** The `Object.prototype` of another realm (`node:vm`, Jest). */
function isObjectPrototype(prototype: object): boolean {
  return Object.getPrototypeOf(prototype) === null && Object.hasOwn(prototype, "hasOwnProperty");
}

/** The driver compares with its own frozen object; that of another copy would be bound as a map. */
function isUnset(value: Shape): boolean {
  return value.unset === true && Object.isFrozen(value) && Object.keys(value).length === 1;
}

function viewKind(value: ArrayBufferView): ValueKind | undefined {
  if (Buffer.isBuffer(value)) return "buffer";
  return types.isFloat32Array(value) ? "float32Array" : undefined;
}

function builtInKind(value: Shape): ValueKind | undefined {
  if (types.isDate(value)) return Number.isNaN(value.getTime()) ? undefined : "date";
  if (types.isMap(value)) return "map";
  if (types.isSet(value)) return "set";
  return undefined;
}

/** The driver's classes. Each test names what tells the class apart from the ones after it. */
function classKind(value: Shape): ValueKind | undefined {
  if (value.IDENTITY === "Vector") {
    return types.isProxy(value) && isFilledArray(value.elements) ? "vector" : undefined;
  }
  if (has(value, "getBuffer")) return addressKind(value);
  if (value.__isLong__ === true) return "long";
  if (isInteger(value)) return "integer";
  if (typeof value._scale === "number" && isInteger(value._intVal)) return "decimal";
  if (has(value, "toBuffer")) {
    if (has(value, "getTotalNanoseconds")) return "localTime";
    if (typeof value.months === "number" && "nanoseconds" in value) return "duration";
    return "year" in value && "day" in value ? "localDate" : undefined;
  }
  if (isFilledArray(value.elements) && has(value, "get") && has(value, "values")) return "tuple";
  return undefined;
}

/** InetAddress, Uuid and TimeUuid all wrap a buffer, and an IPv6 address is as long as a UUID. */
function addressKind(value: Shape): ValueKind | undefined {
  const { buffer } = value;
  if (!(buffer instanceof Uint8Array)) return undefined;
  if (typeof value.version === "number") {
    return buffer.length === 4 || buffer.length === 16 ? "inet" : undefined;
  }
  if (buffer.length !== 16) return undefined;
  return has(value, "getDatePrecision") ? "timeuuid" : "uuid";
}

function isInteger(value: unknown): boolean {
  const integer = value as Shape | undefined | null;
  return Array.isArray(integer?.bits_) && typeof integer.sign_ === "number";
}

function isFilledArray(value: unknown): boolean {
  return Array.isArray(value) && value.length > 0;
}

function has(value: Shape, method: string): boolean {
  return typeof value[method] === "function";
}

/**
 * Refuses parameters that the driver would corrupt or could not encode, however deep they are: before any
 * I/O, since the driver itself looks at a value only when it has a connection.
 *
 * @param params What is bound to one statement: an array, or a plain object of named values.
 * @param path What the parameters are called in the error.
 * @throws HelixError HELIX_PAYLOAD_INVALID naming the path of the value (`params[3]{1}[2]`) and its
 * type, never the value. Keys are data too, since whatever an object has is bound, and are named by their position: `{1}`.
 */
export function assertBindable(params: unknown, path = "params"): void {
  const kind = valueKind(params);
  const fault =
    kind === "array" || kind === "object"
      ? faultIn(params, 0)
      : { what: `${typeName(params)}, neither an array nor a plain object`, at: "" };
  if (fault === undefined) return;
  const where = path + fault.at;
  throw helixError("HELIX_PAYLOAD_INVALID", `Cannot bind \`${where}\`: it is ${fault.what}`, { path: where });
}

/** What is wrong, and where: the path is put together on the way back, so that a good value costs nothing. */
interface Fault {
  readonly what: string;
  readonly at: string;
}

function faultIn(value: unknown, depth: number): Fault | undefined {
  switch (valueKind(value)) {
    case undefined:
      return { what: `${typeName(value)}, which no CQL type takes`, at: "" };
    case "string":
      return isWellFormed(value as string)
        ? undefined
        : { what: "a string with half of a surrogate pair, which has no UTF-8", at: "" };
    case "array":
      return faultInItems(value as unknown[], depth, "");
    case "tuple":
    case "vector":
      return faultInItems((value as { elements: unknown[] }).elements, depth, "");
    case "set":
      return faultInItems([...(value as Set<unknown>)], depth, "");
    case "map": {
      const map = value as Map<unknown, unknown>;
      return (
        faultInItems([...map.keys()], depth, ".keys") ?? faultInItems([...map.values()], depth, ".values")
      );
    }
    case "object":
      return faultInFields(value as Shape, depth);
    default:
      return undefined;
  }
}

function faultInItems(items: readonly unknown[], depth: number, prefix: string): Fault | undefined {
  if (depth >= MAX_DEPTH) return TOO_DEEP;
  for (let index = 0; index < items.length; index++) {
    const item = items[index];
    const fault = item === undefined && !(index in items) ? HOLE : faultIn(item, depth + 1);
    if (fault !== undefined) return { what: fault.what, at: `${prefix}[${index}]${fault.at}` };
  }
  return undefined;
}

function faultInFields(object: Shape, depth: number): Fault | undefined {
  if (depth >= MAX_DEPTH) return TOO_DEEP;
  let position = 0;
  for (const key of Object.keys(object)) {
    const fault = faultInKey(key) ?? faultIn(object[key], depth + 1);
    if (fault !== undefined) {
      return { what: fault.what, at: `{${position}}${fault.at}` };
    }
    position++;
  }
  return undefined;
}

function faultInKey(key: string): Fault | undefined {
  if (key === "__proto__") return { what: "named `__proto__`, which no reader can keep apart", at: "" };
  return isWellFormed(key)
    ? undefined
    : { what: "named by half of a surrogate pair, which has no UTF-8", at: "" };
}

const HOLE: Fault = { what: "a hole in an array", at: "" };
const TOO_DEEP: Fault = { what: `nested deeper than ${MAX_DEPTH} levels, or contains itself`, at: "" };

/** Whether UTF-8 has it: there is no half of a surrogate pair. In every engine since Node 20; not in the declarations of ES2023. */
export function isWellFormed(text: string): boolean {
  return (text as string & { isWellFormed(): boolean }).isWellFormed();
}

function typeName(value: unknown): string {
  if (typeof value !== "object" || value === null) return value === null ? "null" : `a ${typeof value}`;
  if (types.isDate(value)) return "an Invalid Date";
  const name = classNameOf(value);
  return name === undefined ? "an object without a class" : `an instance of ${name}`;
}
