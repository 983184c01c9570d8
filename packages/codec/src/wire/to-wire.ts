import { valueKind } from "@helix/core/internal";
import { bytesOf, isByteKind, longToBigint, longToBytes } from "../driver-values.ts";
import { bigintToBytes } from "./big-integer.ts";
import { EXTENSION } from "./extension-types.ts";
import { timeToWire } from "./wire-time.ts";
import type { Writer } from "./writer.ts";

/** As deep as `assertBindable` lets a value be. */
const MAX_DEPTH = 64;

/**
 * Writes a bound value.
 *
 * @throws TypeError for whatever `assertBindable` refuses, which can say where it is; this is on every
 * payload's way and does not keep account of that.
 */
function toWire(writer: Writer, value: unknown, depth: number): void {
  switch (typeof value) {
    case "string":
      writer.text(value);
      break;
    case "boolean":
      writer.boolean(value);
      break;
    case "number":
      if (Object.is(value, -0)) writer.extensionHead(EXTENSION.negativeZero, 0);
      else writer.number(value);
      break;
    case "undefined":
      writer.extensionHead(EXTENSION.undefined, 0);
      break;
    case "bigint":
      writer.extension(EXTENSION.bigint, bigintToBytes(value));
      break;
    default:
      if (value === null) writer.null();
      else objectToWire(writer, value, depth);
  }
}

function objectToWire(writer: Writer, value: unknown, depth: number): void {
  const kind = valueKind(value);
  switch (kind) {
    case "array":
      listToWire(writer, value as unknown[], depth + 1);
      break;
    case "object":
      fieldsToWire(writer, value as Record<string, unknown>, depth + 1);
      break;
    case "buffer":
      writer.blob(value as Buffer);
      break;
    case "long":
      longToWire(writer, longToBigint(value));
      break;
    case "date":
      timeToWire(value as Date, writer);
      break;
    case "unset":
      writer.extensionHead(EXTENSION.unset, 0);
      break;
    case "tuple":
      nested(writer, EXTENSION.tuple, (value as { elements: unknown[] }).elements, depth);
      break;
    case "vector": {
      const { elements, subtype } = value as { elements: unknown[]; subtype?: unknown };
      const items = [typeof subtype === "string" ? subtype : null, ...elements];
      nested(writer, EXTENSION.vector, items, depth);
      break;
    }
    case "map":
      mapToWire(writer, value as Map<unknown, unknown>, depth + 1);
      break;
    case "set":
      setToWire(writer, value as Set<unknown>, depth + 1);
      break;
    case "float32Array":
      floatsToWire(writer, value as Float32Array);
      break;
    case "uuid":
    case "timeuuid":
      writer.extension(EXTENSION.uuid, bytesOf(kind, value));
      break;
    default:
      if (isByteKind(kind)) writer.extension(EXTENSION[kind], bytesOf(kind, value));
      else throw new TypeError("A value that no CQL type takes");
  }
}

/** @param depth How deep the list itself lies: 0 for the parameters of a statement. */
export function listToWire(writer: Writer, items: readonly unknown[], depth = 0): void {
  if (depth >= MAX_DEPTH) throw new TypeError("Nested too deep");
  const { length } = items;
  writer.list(length);
  for (let index = 0; index < length; index++) {
    const item = items[index];
    if (item === undefined && !(index in items)) throw new TypeError("A hole in an array");
    toWire(writer, item, depth);
  }
}

/** @param depth As for {@link listToWire}. */
export function fieldsToWire(writer: Writer, fields: Readonly<Record<string, unknown>>, depth = 0): void {
  if (depth >= MAX_DEPTH) throw new TypeError("Nested too deep");
  const names = Object.keys(fields);
  writer.map(names.length);
  for (const name of names) {
    if (name === "__proto__") throw new TypeError("A name that no reader can keep apart");
    writer.text(name);
    toWire(writer, fields[name], depth);
  }
}

function nested(writer: Writer, type: number, items: readonly unknown[], depth: number): void {
  const start = writer.open();
  listToWire(writer, items, depth + 1);
  writer.close(start, type);
}

function mapToWire(writer: Writer, map: ReadonlyMap<unknown, unknown>, depth: number): void {
  if (depth >= MAX_DEPTH) throw new TypeError("Nested too deep");
  const entries = [...map];
  const start = writer.open();
  writer.list(2 * entries.length);
  for (const [key, item] of entries) {
    uniqueToWire(writer, key, depth);
    toWire(writer, item, depth);
  }
  writer.close(start, EXTENSION.map);
}

function setToWire(writer: Writer, set: ReadonlySet<unknown>, depth: number): void {
  if (depth >= MAX_DEPTH) throw new TypeError("Nested too deep");
  const items = [...set];
  const start = writer.open();
  writer.list(items.length);
  for (const item of items) uniqueToWire(writer, item, depth);
  writer.close(start, EXTENSION.set);
}

/** A key or element that must stay another one than its equal: see `EXTENSION.long`. */
function uniqueToWire(writer: Writer, value: unknown, depth: number): void {
  if (valueKind(value) !== "long") toWire(writer, value, depth);
  else writer.extension(EXTENSION.long, longToBytes(longToBigint(value)));
}

/** A plain integer, which Go can bind; read as a number where that is exact, with the same CQL bytes. */
function longToWire(writer: Writer, value: bigint): void {
  const number = Number(value);
  if (Number.isSafeInteger(number)) writer.number(number);
  else writer.int64(value);
}

function floatsToWire(writer: Writer, floats: Float32Array): void {
  const bytes = Buffer.allocUnsafe(floats.length * 4);
  for (const [index, float] of floats.entries()) bytes.writeFloatBE(float, index * 4);
  writer.extension(EXTENSION.float32Array, bytes);
}
