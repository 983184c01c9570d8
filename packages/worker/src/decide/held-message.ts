import { type Priority, type ReplayMessage, type ReplayPayload, statementsOf } from "@helix/core";
import type { Place } from "./failure-ledger.ts";

/** A message that can be executed, from its arrival until it is settled. */
export interface HeldMessage {
  readonly message: ReplayMessage;
  readonly payload: ReplayPayload;
  readonly priority: Priority;
  /** `retry`: it failed before, here or elsewhere. `suspect`: perhaps it kills the process. */
  readonly kind: "fresh" | "retry" | "suspect";
}

/** The texts of a payload as one word. */
function textKeyOf(payload: ReplayPayload): string {
  const texts = statementsOf(payload).map(({ query }) => query);
  return `${payload.keyspace ?? ""} ${texts.length === 1 ? texts[0] : [...new Set(texts)].join(";")}`;
}

/** The tables of a payload as one word; undefined where they are not known. */
export function tableKeyOf({ tables }: ReplayPayload): string | undefined {
  return tables.length <= 1 ? tables[0] : tables.join(" ");
}

/** Where a payload is compared with others. */
export function placeOf(payload: ReplayPayload): Place {
  return { table: tableKeyOf(payload), text: textKeyOf(payload) };
}
