import type { EvaluatedCall, EvaluatedFunction, Inspection } from "../inspection.ts";
import { Edits, type Params, type Rewritten } from "./edits.ts";

const TYPES: Readonly<Record<EvaluatedFunction, string>> = {
  now: "timeuuid",
  current_timeuuid: "timeuuid",
  uuid: "uuid",
  current_timestamp: "timestamp",
  current_date: "date",
  current_time: "time",
};

/**
 * The statement with a bound value in the place of each call whose value is not the same twice. The markers carry the type, such as
 * `(timeuuid) ?`, since a server cannot tell it everywhere; so the text is the same for each write, and is prepared once. Within a
 * list, a set or a map, where the server takes no marker, the value is written into the text.
 *
 * @param makeValue Asked once for each call, in the order of the text: two calls of one function are two values.
 */
export function withValues(
  inspection: Inspection,
  params: Params,
  makeValue: (call: EvaluatedCall) => unknown,
): Rewritten {
  const edits = new Edits(inspection, params);
  for (const call of inspection.calls) {
    const hint = `(${TYPES[call.function]}) `;
    const value = makeValue(call);
    if (call.call.isInCollection) edits.replace(call.call, hint + literalOf(value, call.function));
    else edits.replaceByMarker(call.call, value, hint);
  }
  return edits.apply();
}

function literalOf(value: unknown, name: EvaluatedFunction): string {
  if (value instanceof Date) return String(value.getTime());
  return name === "current_date" || name === "current_time" ? `'${value}'` : String(value);
}
