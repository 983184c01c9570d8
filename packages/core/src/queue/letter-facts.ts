import { clusterOf, type Lane, priorityOf } from "../cluster.ts";
import type { ReplayPayload } from "../payload/payload.ts";
import type { DeadLetterFilter } from "./dead-letter-filter.ts";
import type { DeadLetter } from "./dead-letters.ts";

/** What the conditions of a filter are about; what is not known without decoding the body may be left open. */
export interface LetterFacts extends Pick<DeadLetter, "id" | "reason" | "deadAtMs" | "toldError"> {
  /** Undefined: left open. */
  readonly lane: Lane | undefined;
  /** How often it was redriven before it died. Undefined: left open. */
  readonly life: number | undefined;
  /** All that it writes to. Undefined: left open. */
  readonly tables: readonly string[] | undefined;
  /** Whether it writes to a table. Undefined: left open. */
  isAbout(table: string): boolean | undefined;
}

/** Facts of which none is left open. */
export interface WholeFacts extends LetterFacts {
  readonly lane: Lane;
  readonly life: number;
  readonly tables: readonly string[];
}

const NOTHING: Pick<ReplayPayload, "tables" | "life"> = { tables: [], life: 0 };

/** All of them; of what cannot be decoded no table is known, and no redrive. */
export function factsOf(letter: DeadLetter): WholeFacts {
  const { id, lane, reason, deadAtMs, toldError, content } = letter;
  // No more of the payload than that: facts may be kept for as long as the letter.
  const { tables, life } = content.ok ? content.payload : NOTHING;
  return { id, lane, reason, deadAtMs, toldError, life, tables, isAbout: (table) => tables.includes(table) };
}

/** Whether something holds; undefined: the facts leave it open. */
type Test = (facts: LetterFacts) => boolean | undefined;

/** What each condition is true of. */
const CONDITIONS: {
  readonly [K in keyof DeadLetterFilter]-?: (wanted: NonNullable<DeadLetterFilter[K]>, nowMs: number) => Test;
} = {
  ids: (wanted) => {
    const ids = new Set(wanted);
    return ({ id }) => ids.has(id);
  },
  cluster:
    (wanted) =>
    ({ lane }) =>
      lane && clusterOf(lane) === wanted,
  priority:
    (wanted) =>
    ({ lane }) =>
      lane && priorityOf(lane) === wanted,
  reason:
    (wanted) =>
    ({ reason }) =>
      reason === wanted,
  table: (wanted) => (facts) => facts.isAbout(wanted),
  errorCode:
    (wanted) =>
    ({ toldError }) =>
      toldError?.code === wanted,
  errorText: (wanted) => {
    const part = wanted.toLowerCase();
    return ({ toldError }) => toldError?.message.toLowerCase().includes(part) === true;
  },
  diedSinceMs:
    (wanted) =>
    ({ deadAtMs }) =>
      deadAtMs >= wanted,
  diedUntilMs:
    (wanted) =>
    ({ deadAtMs }) =>
      deadAtMs < wanted,
  olderThanMs:
    (wanted, nowMs) =>
    ({ deadAtMs }) =>
      nowMs - deadAtMs >= wanted,
  youngerThanMs:
    (wanted, nowMs) =>
    ({ deadAtMs }) =>
      nowMs - deadAtMs <= wanted,
  redrivenBefore:
    (wanted) =>
    ({ life }) =>
      life === undefined ? undefined : life > 0 === wanted,
};

/**
 * What says of the facts of a dead letter whether all conditions of a filter hold: undefined where only what was left open
 * decides.
 *
 * @param nowMs What ages are counted to.
 */
export function matcherOf(filter: DeadLetterFilter, nowMs: number): Test {
  const tests = Object.entries(filter).flatMap(([name, wanted]): Test[] => {
    if (wanted === undefined) return [];
    const condition = CONDITIONS[name as keyof DeadLetterFilter] as (wanted: unknown, nowMs: number) => Test;
    return [condition(wanted, nowMs)];
  });
  return (facts) => {
    let isOpen = false;
    for (const test of tests) {
      const holds = test(facts);
      if (holds === false) return false;
      if (holds === undefined) isOpen = true;
    }
    return isOpen ? undefined : true;
  };
}

/** Whether all conditions hold. */
export function matchesFilter(letter: DeadLetter, filter: DeadLetterFilter, nowMs: number): boolean {
  return matcherOf(filter, nowMs)(factsOf(letter)) === true;
}
