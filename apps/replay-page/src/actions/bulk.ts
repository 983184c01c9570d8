import type { DeadLetterFilter } from "@helix/core";
import { type Box, hasConditions } from "../address.ts";
import type { Request } from "../api/client.ts";

export type BulkVerb = "redrive" | "discard" | "restore";

interface Bulk {
  readonly title: string;
  readonly about: string;
  readonly box: Box;
  readonly request: Request;
  readonly right: "operate" | "destroy";
}

/** What may be ordered of many letters at once. */
export const BULK: Readonly<Record<BulkVerb, Bulk>> = {
  redrive: {
    title: "Redrive",
    about: "They go back into their lanes and are executed again, with their original timestamps.",
    box: "dead",
    request: "startRedrive",
    right: "operate",
  },
  discard: {
    title: "Discard",
    about: "They are not applied. They go into the trash, and can be restored for seven days.",
    box: "dead",
    request: "startDiscard",
    right: "destroy",
  },
  restore: {
    title: "Restore",
    about: "They go back among the dead letters.",
    box: "trash",
    request: "startRestore",
    right: "operate",
  },
};

/**
 * What is meant by somebody who looks at a filter now: what dies afterwards is not, and does not change the count while others die.
 *
 * @param nowMs By the pod's clock.
 */
export function meantBy(verb: BulkVerb, filter: DeadLetterFilter, nowMs: number): DeadLetterFilter {
  const isSettled = verb === "restore" || filter.ids !== undefined || filter.diedUntilMs !== undefined;
  const { diedSinceMs = 0 } = filter;
  return isSettled ? filter : { ...filter, diedUntilMs: Math.max(diedSinceMs + 1, Math.round(nowMs)) };
}

const MOST_BY_A_CLICK = 1_000;

/** Whether the count has to be typed in by hand. */
export function isTypedIn(verb: BulkVerb, count: number, isForced: boolean): boolean {
  return verb === "discard" || isForced || count > MOST_BY_A_CLICK;
}

/** Whether somebody has typed that count, with or without the commas in which it is shown. */
export function isCount(typed: string, count: number): boolean {
  return typed.trim().replaceAll(",", "") === String(count);
}

export interface BulkOrder {
  readonly verb: BulkVerb;
  readonly filter: DeadLetterFilter;
  /** As it was shown. */
  readonly expect: number;
  readonly isForced: boolean;
  /** As it was typed. */
  readonly perSecond: string;
  readonly by: string;
  readonly why: string;
}

/** What is sent, and where to. */
export function bulkRequest({ verb, filter, isForced, perSecond, expect, by, why }: BulkOrder) {
  const name: Request = isForced ? "startForcedRedrive" : BULK[verb].request;
  const meant = hasConditions(filter) ? { filter } : { all: true };
  const bound = perSecond === "" ? {} : { perSecond: Number(perSecond) };
  return { name, body: { by, why, expect, ...meant, ...bound } };
}
