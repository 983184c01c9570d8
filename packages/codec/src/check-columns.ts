import type { Operation, Params } from "@helix/core";
import { columnFault } from "./check-column.ts";
import type { ColumnEncoding, ColumnType, StatementTypes } from "./column-type.ts";
import { invalid } from "./invalid.ts";

/** Of a statement, its types; of a batch, an array with those of each statement, or undefined for none. */
export type OperationTypes = StatementTypes | readonly (StatementTypes | undefined)[];

/**
 * @throws HelixError HELIX_PAYLOAD_INVALID for the first value that does not fit its column.
 * @throws TypeError for types that are no such array or object.
 */
export function checkColumns(operation: Operation, types: OperationTypes, encoding: ColumnEncoding): void {
  if (operation.kind === "statement") {
    checkParams(operation.params, types as StatementTypes, encoding, "");
    return;
  }
  if (!Array.isArray(types))
    throw new TypeError("Expected `types` to be an array, with an entry per statement");
  for (const [index, { params }] of operation.statements.entries()) {
    const own = (types as readonly (StatementTypes | undefined)[])[index];
    if (own !== undefined) checkParams(params, own, encoding, `statements[${index}].`);
  }
}

function checkParams(params: Params, types: StatementTypes, encoding: ColumnEncoding, path: string): void {
  const isPositional = Array.isArray(params);
  if (typeof types !== "object" || types === null || Array.isArray(types) !== isPositional) {
    const due = isPositional ? "an array" : "an object by name";
    throw new TypeError(`Expected the \`types\` of \`${path}params\` to be ${due}, as the parameters are`);
  }
  let position = 0;
  for (const [name, value] of Object.entries(params)) {
    const type = typeOf(types, name);
    if (type !== undefined && typeof type?.code !== "number") {
      const where = `${path}params${paramPath(params, name, position)}`;
      throw new TypeError(
        `Expected the type of \`${where}\` to be an object with a \`code\`, got ${typeof type}`,
      );
    }
    const fault = type === undefined ? undefined : columnFault(value, type, encoding);
    if (fault !== undefined) {
      const where = `${path}params${paramPath(params, name, position)}${fault.at}`;
      throw invalid(`Cannot bind \`${where}\` as ${fault.type}: it is ${fault.what}`, where);
    }
    position++;
  }
}

/** The driver finds the marker of a name in lower case. */
export function typeOf(types: StatementTypes, name: string): ColumnType | undefined {
  const byName = types as Readonly<Record<string, ColumnType | undefined>>;
  for (const key of [name, name.toLowerCase()]) if (Object.hasOwn(byName, key)) return byName[key];
  return undefined;
}

const IDENTIFIER = /^[A-Za-z_][A-Za-z0-9_]{0,47}$/;

/** A name that is no identifier may be data, and is not said. */
export function paramPath(params: Params, name: string, position: number): string {
  if (Array.isArray(params)) return `[${position}]`;
  return IDENTIFIER.test(name) ? `.${name}` : `{${position}}`;
}
