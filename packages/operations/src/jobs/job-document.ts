import type { ControlDocument, DeadLetterFilter } from "@helix/core";
import {
  boolean,
  expected,
  integer,
  milliseconds,
  number,
  type Option,
  type OptionsOf,
  object,
  oneOf,
  optional,
  readOption,
  text,
} from "@helix/core/internal";
import { readDeadLetterFilter } from "@helix/core/queue-kit";
import type { Job, JobFailure, JobState } from "./job.ts";
import { JOB_VERBS } from "./job-verbs.ts";

/** Under which all jobs lie. */
export const JOBS = "jobs";

export function jobKey(id: string): string {
  return `${JOBS}.${id}`;
}

/** Of another one nothing is known, and it is left alone. */
export const JOB_VERSION = 1;

/** What is in the store of a job: beside what is shown of it, what whoever goes on with it has to know. */
export interface StoredJob extends Omit<Job, "holder"> {
  readonly version: number;
  /** What dies later is not touched. */
  readonly until: string;
  /** Of the whole order: another one may not come under the same key. */
  readonly digest: string;
  /** Who works on it: until it has not been stored anew for so long. Another one each time that it is taken up. */
  readonly lease?: { readonly holder: string; readonly token: string; readonly forMs: number } | undefined;
  /**
   * What was about to be done when this was stored, and is in no count: whoever takes it over looks at each of them. What is gone is done.
   */
  readonly pending: readonly string[];
  /** As what those will have died again that are looked for after this stage. */
  readonly watched: readonly string[];
}

/** What may be shown of it. */
export function shown(stored: StoredJob): Job {
  const { version: _, until: __, digest: ___, pending: ____, watched: _____, lease, ...job } = stored;
  return { ...job, ...(lease !== undefined && { holder: lease.holder }) };
}

/** Of a document, what it says of a job; undefined for what is none. What a newer version adds is skipped. */
export function readStoredJob({ key, value }: ControlDocument): StoredJob | undefined {
  try {
    const job = known(STORED).check(value, key);
    return key === jobKey(job.id) ? job : undefined;
  } catch {
    return undefined;
  }
}

const STATES: readonly JobState[] = [
  "waiting",
  "running",
  "paused",
  "cancelling",
  "done",
  "failed",
  "cancelled",
];
const count = integer({ min: 0 });
const anyText = text({ pattern: /^/, expectation: "a string" });

const STORED: OptionsOf<StoredJob> = {
  version: integer({ min: JOB_VERSION, max: JOB_VERSION }),
  id: text(),
  verb: oneOf(JOB_VERBS),
  // Whole, or not at all: without a condition that only a newer version knows it would find more than was meant.
  filter: object<DeadLetterFilter>({ expectation: "a filter" }, (value) => readDeadLetterFilter(value)),
  force: boolean(false),
  perSecond: optional(integer({ min: 1 })),
  stages: optional(listOf(integer({ min: 1 }))),
  stageWaitMs: milliseconds({}),
  stageMaxDiedAgain: number({ min: 0, max: 1 }),
  expect: count,
  by: anyText,
  why: anyText,
  state: oneOf(STATES),
  counts: known({ done: count, failed: count, skipped: count, needsForce: count, vanished: count }),
  errors: object({ expectation: "counts" }, (value, name) => {
    const entries = Object.entries(Object(value) as object);
    return Object.fromEntries(entries.map(([code, many]) => [code, count.check(many, name)]));
  }),
  failures: listOf(known<JobFailure>({ id: anyText, code: anyText })),
  stage: optional(
    known({
      index: count,
      done: count,
      diedAgain: optional(count),
      lookedFor: optional(count),
      decidesAtMs: optional(count),
    }),
  ),
  stalled: optional(known({ code: anyText, sinceMs: count })),
  cancelled: optional(known({ by: anyText, why: anyText, atMs: count })),
  failedFor: optional(anyText),
  createdAtMs: count,
  startedAtMs: optional(count),
  endedAtMs: optional(count),
  until: text(),
  digest: text(),
  lease: optional(known({ holder: anyText, token: text(), forMs: milliseconds({ max: 600_000 }) })),
  pending: listOf(text()),
  watched: listOf(text()),
};

/** An object of which these are read, and nothing else. */
function known<T extends object>(options: OptionsOf<T>): Option<T> {
  return object({ expectation: "an object" }, (value, name) => {
    if (typeof value !== "object" || value === null) throw new TypeError(expected(name, "an object", value));
    const given = value as Readonly<Record<string, unknown>>;
    const read = Object.entries<Option<unknown>>(options).map(([key, option]) => {
      return [key, readOption(option, given[key], key)] as const;
    });
    return Object.fromEntries(read.filter(([, one]) => one !== undefined)) as T;
  });
}

function listOf<T>(item: Option<T>): Option<readonly T[]> {
  return object({ expectation: "an array" }, (value, name) => {
    if (!Array.isArray(value)) throw new TypeError(expected(name, "an array", value));
    return value.map((one) => item.check(one, name));
  });
}
