import { type Priority, type ReplayMessage, type ReplayPayload, statementsOf, tablesOf } from "@helix/core";

/** A message that can be executed, from its arrival until it is settled. */
export interface HeldMessage {
  readonly message: ReplayMessage;
  readonly payload: ReplayPayload;
  readonly priority: Priority;
  /** `retry`: it failed before, here or elsewhere. `suspect`: perhaps it kills the process. */
  readonly kind: "fresh" | "retry" | "suspect";
}

/** The texts of a payload as one word. */
export function textKeyOf(payload: ReplayPayload): string {
  const texts = statementsOf(payload).map(({ query }) => query);
  return `${payload.keyspace ?? ""} ${texts.length === 1 ? texts[0] : [...new Set(texts)].join(";")}`;
}

/** The tables of a payload as one word; undefined if one of them could not be told from its text. */
export function tableKeyOf(payload: ReplayPayload): string | undefined {
  const tables = tablesOf(payload);
  if (tables.length === 1) return tables[0] === "?" ? undefined : tables[0];
  return tables.includes("?") ? undefined : tables.join(" ");
}
