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
 * `(timeuuid) ?`, since a server cannot tell it everywhere; so the text is the same for each write, and is prepared once.
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
    edits.replaceByMarker(call.call, makeValue(call), `(${TYPES[call.function]}) `);
  }
  return edits.apply();
}
