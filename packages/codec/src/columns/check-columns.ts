import type { Operation, Params } from "@helix/core";
import { invalid } from "../invalid.ts";
import { columnFault } from "./check-column.ts";
import type { ColumnEncoding, ColumnType, StatementTypes } from "./column-type.ts";

/** Of a statement, its types; of a batch, an array with those of each statement, or undefined for none. */
export type OperationTypes = StatementTypes | readonly (StatementTypes | undefined)[];

/**
 * @throws HelixError HELIX_PAYLOAD_INVALID for the first value that does not fit its column.
 * @throws TypeError for types that are no such array or object.
 */
export function checkColumns(operation: Operation, types: OperationTypes, encoding: ColumnEncoding): void {
  if (operation.kind === "statement") {
    checkParams(operation.params, types as StatementTypes, encoding);
    return;
  }
  if (!Array.isArray(types))
    throw new TypeError("Expected `types` to be an array, with an entry per statement");
  for (const [index, { params }] of operation.statements.entries()) {
    const own = (types as readonly (StatementTypes | undefined)[])[index];
    if (own !== undefined) checkParams(params, own, encoding, `statements[${index}].params`);
  }
}

/**
 * Refuses what the driver would send to its column as another value, or not at all. Whatever no column takes
 * is refused when it is encoded.
 *
 * @param types Of the parameters, as the driver's prepared metadata has them: by position, or by name for
 * named ones.
 * @param encoding The option of that name of the driver that is to bind them.
 * @param path What the parameters are called in the error.
 * @throws HelixError HELIX_PAYLOAD_INVALID for the first such value, naming path and type, never the value.
 * @throws TypeError for types of another shape than the parameters.
 */
export function checkParams(
  params: Params,
  types: StatementTypes,
  encoding: ColumnEncoding = {},
  path = "params",
): void {
  const isPositional = Array.isArray(params);
  if (typeof types !== "object" || types === null || Array.isArray(types) !== isPositional) {
    const due = isPositional ? "an array" : "an object by name";
    throw new TypeError(`Expected the \`types\` of \`${path}\` to be ${due}, as the parameters are`);
  }
  for (const key of keysOf(params)) {
    const type = typeOf(types, key);
    if (type === undefined) continue;
    if (typeof type?.code !== "number") {
      const where = path + paramPath(params, key);
      throw new TypeError(
        `Expected the type of \`${where}\` to be an object with a \`code\`, got ${typeof type}`,
      );
    }
    const fault = columnFault(paramOf(params, key), type, encoding);
    if (fault !== undefined) {
      const where = path + paramPath(params, key) + fault.at;
      throw invalid(`Cannot bind \`${where}\` as ${fault.type}: it is ${fault.what}`, where);
    }
  }
}

/** Positions are numbers: as strings they would cost more than all that is done with them. */
export type ParamKey = string | number;

function keysOf(params: Params): Iterable<ParamKey> {
  return Array.isArray(params) ? params.keys() : Object.keys(params);
}

export function paramOf(params: Params, key: ParamKey): unknown {
  return (params as Readonly<Record<ParamKey, unknown>>)[key];
}

/** The driver finds the marker of a name in lower case. */
export function typeOf(types: StatementTypes, key: ParamKey): ColumnType | undefined {
  if (typeof key === "number") return (types as readonly (ColumnType | undefined)[])[key];
  const byName = types as Readonly<Record<string, ColumnType | undefined>>;
  for (const name of [key, key.toLowerCase()]) if (Object.hasOwn(byName, name)) return byName[name];
  return undefined;
}

const IDENTIFIER = /^[A-Za-z_][A-Za-z0-9_]{0,47}$/;

/** A name that is no identifier may be data, and is not said. */
export function paramPath(params: Params, key: ParamKey): string {
  if (typeof key === "number") return `[${key}]`;
  return IDENTIFIER.test(key) ? `.${key}` : `{${Object.keys(params).indexOf(key)}}`;
}
