import { columnFault } from "./check-column.ts";
import type { ColumnEncoding, ColumnType } from "./column-type.ts";
import { invalidValue } from "./invalid-value.ts";
import type { Positions } from "./positions.ts";

/**
 * Refuses what the driver would send to its column as another value, or not at all. Values that no column takes are
 * `assertBindable`'s.
 *
 * @param types Of the markers, as the driver's prepared metadata has them. A value without type is not looked at.
 * @param encoding The option of that name of the driver that is to bind them.
 * @throws HelixError HELIX_PAYLOAD_INVALID for the first such value, naming path and type, never the value.
 */
export function checkValues(
  { values, pathOf }: Positions,
  types: readonly (ColumnType | undefined)[],
  encoding: ColumnEncoding,
): void {
  for (let position = 0; position < values.length; position++) {
    const type = types[position];
    const fault = type === undefined ? undefined : columnFault(values[position], type, encoding);
    if (fault === undefined) continue;
    const path = pathOf(position) + fault.at;
    throw invalidValue(
      path,
      `Cannot bind \`${path}\` as ${fault.type}: it is ${fault.what}`,
      fault.curable && "later",
    );
  }
}
