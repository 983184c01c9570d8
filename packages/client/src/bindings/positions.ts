import type { Params } from "@helix/core";
import { errors } from "cassandra-driver";
import { invalidValue } from "./invalid-value.ts";

/** What is bound to one statement, in the order of its markers. */
export interface Positions {
  readonly values: readonly unknown[];
  /** What the value at a position is called in an error: by the caller's name, if it has one. */
  readonly pathOf: (position: number) => string;
}

/**
 * Puts named parameters in the order of the markers, as the driver does: a name is found in lower case, and as
 * often as it stands in the statement, each time with a type of its own. An array is in that order.
 *
 * @param names Of the markers, as the server has said.
 * @param path What the parameters are called in an error.
 * @throws The driver's ArgumentError for a name that is missing.
 */
export function byPosition(params: Params, names: readonly unknown[], path: string): Positions {
  if (Array.isArray(params)) return { values: params, pathOf: (position) => `${path}[${position}]` };
  const named = params as Readonly<Record<string, unknown>>;
  const given = Object.keys(named);
  const byName = new Map(given.map((key) => [key.toLowerCase(), key]));
  const keys = names.map((name) => {
    const key = byName.get(String(name));
    if (key === undefined) throw new errors.ArgumentError(`Parameter "${name}" not defined`);
    return key;
  });
  return {
    values: keys.map((key) => named[key]),
    pathOf: (position) => path + nameIn(given, keys[position]),
  };
}

/**
 * Refuses another number of values than of markers, as every server does whatever its schema.
 *
 * @throws HelixError HELIX_PAYLOAD_INVALID
 */
export function assertCount(params: Params, markers: number, path: string): void {
  if (!Array.isArray(params) || params.length === markers) return;
  const counts = `the statement has ${markers} markers, and there are ${params.length} values`;
  throw invalidValue(path, `Cannot bind \`${path}\`: ${counts}`);
}

const IDENTIFIER = /^[A-Za-z_][A-Za-z0-9_]{0,47}$/;

/** A name that is no identifier may be data, and is not said. */
function nameIn(given: readonly string[], key = ""): string {
  return IDENTIFIER.test(key) ? `.${key}` : `{${given.indexOf(key)}}`;
}
