import { hash } from "node:crypto";
import { type Priority, priorityOf, type ReplayMessage, type ReplayPayload, statementsOf } from "@helix/core";
import type { Place } from "./failure-ledger.ts";

/** A message that can be executed, from its arrival until it is settled. */
export class HeldMessage {
  readonly message: ReplayMessage;
  readonly payload: ReplayPayload;
  readonly priority: Priority;
  /** `retry`: it failed before, here or elsewhere. `suspect`: perhaps it kills the process. */
  readonly kind: "fresh" | "retry" | "suspect";

  constructor(message: ReplayMessage, payload: ReplayPayload, kind: HeldMessage["kind"]) {
    this.message = message;
    this.payload = payload;
    this.priority = priorityOf(message.lane);
    this.kind = kind;
  }
}

/** Longer ones, as of an application that puts its values into its texts, are remembered by their hash. Characters. */
const MAX_KEY = 256;

/** The texts of a payload as one word, of a bounded length. */
function textKeyOf(payload: ReplayPayload): string {
  const { keyspace, operation } = payload;
  const text =
    operation.kind === "batch"
      ? [...new Set(statementsOf(payload).map(({ query }) => query))].join(";")
      : operation.query;
  return bounded(keyspace === undefined ? text : `${keyspace} ${text}`);
}

/** The tables of a payload as one word, of a bounded length; undefined where they are not known. */
export function tableKeyOf({ tables }: ReplayPayload): string | undefined {
  if (tables.length === 0) return undefined;
  return bounded(tables.length === 1 ? `${tables[0]}` : tables.join(" "));
}

function bounded(key: string): string {
  return key.length <= MAX_KEY ? key : hash("sha256", key);
}

/** Where a payload is compared with others. */
export function placeOf(payload: ReplayPayload): Place {
  return { table: tableKeyOf(payload), text: textKeyOf(payload) };
}
