import { createHash } from "node:crypto";
import type { DeadLetterFilter } from "@helix/core";
import {
  boolean,
  expected,
  integer,
  milliseconds,
  number,
  type OptionsOf,
  object,
  oneOf,
  optional,
  readOptions,
  text,
} from "@helix/core/internal";
import { readDeadLetterFilter } from "@helix/core/queue-kit";
import type { Ordered } from "../audit.ts";
import { JOB_VERBS, type JobVerb } from "./job-verbs.ts";

/** Long work over letters, as a person orders it. */
export interface JobOrder extends Ordered {
  readonly verb: JobVerb;
  /** Which letters. At least one condition, or else `all`. 16 KiB of JSON at most. @default none */
  readonly filter?: DeadLetterFilter | undefined;
  /** Every letter there is is meant. @default false */
  readonly all?: boolean | undefined;
  /** How many letters the filter finds, as somebody has counted them before. Needed unless the filter names one id. */
  readonly expect?: number | undefined;
  /** All of them are redriven whatever speaks against it. @default false */
  readonly force?: boolean | undefined;
  /** At most so many per second. 1 to 100_000. @default as fast as the queue takes them */
  readonly perSecond?: number | undefined;
  /**
   * A redrive begins with so many, and goes on with the next size only when few enough of the last have died again; at the end
   * comes the rest. One to ten sizes, 1 to 10_000 each. @default all at once
   */
  readonly stages?: readonly number[] | undefined;
  /** For so long those of a stage may die again before it is decided. Milliseconds. @default 60_000 */
  readonly stageWaitMs?: number | undefined;
  /** With so large a part of those of a stage dead again, or more, the job fails. 0 to 1. @default 0.05 */
  readonly stageMaxDiedAgain?: number | undefined;
  /** Names this order: given twice, it is the same job. 1 to 200 printable characters of ASCII. */
  readonly idempotencyKey: string;
}

type Read = Omit<JobOrder, "stageWaitMs" | "stageMaxDiedAgain" | "filter" | "force" | "all"> & {
  readonly stageWaitMs: number;
  readonly stageMaxDiedAgain: number;
  readonly force: boolean;
  readonly all: boolean;
  readonly filter: DeadLetterFilter;
};

/** An order that can be carried out: the same key gives the same id, and what is ordered its digest. */
export interface ReadOrder extends Omit<Read, "expect" | "idempotencyKey"> {
  readonly id: string;
  readonly digest: string;
  /** Undefined: it is about one letter. */
  readonly expect: number | undefined;
}

/** Beside what else lies in a document of 64 KiB. */
const MAX_FILTER_BYTES = 16 * 1024;
const MAX_STAGE = 10_000;
const MAX_STAGES = 10;

const OPTIONS: OptionsOf<Read> = {
  verb: oneOf(JOB_VERBS),
  filter: {
    ...object<DeadLetterFilter>({ expectation: "a filter" }, (value) => readDeadLetterFilter(value)),
    required: false,
    fallback: {},
  },
  all: boolean(false),
  expect: optional(integer({ min: 0 })),
  force: boolean(false),
  perSecond: optional(integer({ min: 1, max: 100_000 })),
  stages: optional(object({ expectation: `an array of 1 to ${MAX_STAGES} sizes` }, readStages)),
  stageWaitMs: milliseconds({ fallback: 60_000 }),
  stageMaxDiedAgain: number({ min: 0, max: 1, fallback: 0.05 }),
  by: text({ pattern: /^.{1,200}$/s, expectation: "a text of 1 to 200 characters" }),
  why: text({ pattern: /^.{1,500}$/s, expectation: "a text of 1 to 500 characters" }),
  idempotencyKey: text({
    pattern: /^[\x21-\x7e]{1,200}$/,
    expectation: "1 to 200 printable characters of ASCII",
  }),
};

/** @throws TypeError, RangeError for an order that cannot be; HelixError HELIX_FILTER_INVALID. */
export function readOrder(order: unknown): ReadOrder {
  const { idempotencyKey, ...read } = readOptions<Read>("startJob", OPTIONS, order);
  const { verb, filter, all, expect, force, stages } = read;
  if (all !== (Object.keys(filter).length === 0)) {
    throw new TypeError(expected("all", "true without a condition, and false with one", all));
  }
  if (expect === undefined && filter.ids?.length !== 1) {
    throw new TypeError(
      expected("expect", "how many letters there are, unless the filter names one", expect),
    );
  }
  if (verb !== "redrive" && (force || stages !== undefined)) {
    throw new TypeError(`\`force\` and \`stages\` are of a redrive, and this is a ${verb}`);
  }
  const bytes = Buffer.byteLength(JSON.stringify(filter));
  if (bytes > MAX_FILTER_BYTES) {
    throw new RangeError(
      `Expected \`filter\` to be ${MAX_FILTER_BYTES} bytes of JSON at most, got ${bytes}: name fewer \`ids\``,
    );
  }
  return { ...read, expect, id: hash(idempotencyKey).slice(0, 20), digest: hash(textOf(read)) };
}

function readStages(value: unknown, name: string): readonly number[] {
  const size = integer({ min: 1, max: MAX_STAGE });
  if (Array.isArray(value) && value.length >= 1 && value.length <= MAX_STAGES) {
    return value.map((one) => size.check(one, name));
  }
  throw new TypeError(expected(name, `an array of 1 to ${MAX_STAGES} sizes`, value));
}

function hash(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

/** The same for the same order, its options in whatever order. */
function textOf(value: object): string {
  return JSON.stringify(value, (_, one: unknown) => {
    if (typeof one !== "object" || one === null || Array.isArray(one)) return one;
    return Object.fromEntries(Object.entries(one).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
}
