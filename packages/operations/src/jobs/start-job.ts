import { DEAD_LETTER_FILTER, isHelixError, type LetterCount, systemClock } from "@helix/core";
import { audited } from "../audited.ts";
import type { Operated } from "../operated.ts";
import { isOver, type Job } from "./job.ts";
import { JOB_VERSION, JOBS, jobKey, readStoredJob, type StoredJob, shown } from "./job-document.ts";
import { countDiffers, jobsFull, keyReused } from "./job-errors.ts";
import { type JobOrder, type ReadOrder, readOrder } from "./job-order.ts";
import { verbOf } from "./job-verbs.ts";
import { listJob } from "./open-jobs.ts";

/** So many are looked after at once. */
const MOST_OPEN = 20;
/** Those that are over are kept until there are so many. */
const MOST_KEPT = 100;
const COUNT_WITHIN_MS = 30_000;

type Started = Pick<Operated, "queue" | "control" | "audit" | "clock">;

/**
 * Orders long work over letters: those that lie there now, and none that dies later, nor that dies again. Some pod's `JobRunner` takes it up
 * within a second. Resolves with the job when it is stored; with the one there is where the same order was given before. Of
 * the jobs that are over the last hundred are kept.
 *
 * Rejects with HELIX_JOB_COUNT_DIFFERS, HELIX_JOB_KEY_REUSED, HELIX_JOBS_FULL, HELIX_FILTER_INVALID, TypeError or RangeError for an
 * order that cannot be, and as store and queue do; then it may have been ordered all the same, and to repeat it is safe.
 */
export async function startJob(operated: Started, order: JobOrder): Promise<Job> {
  const { verb, filter, expect, by, why } = Object(order) as JobOrder;
  const subject = { job: verb, filter: tellable(filter), expect };
  return audited(operated, { verb: "startJob", subject, by, why }, async () => {
    const read = readOrder(order);
    const job = (await existing(operated, read)) ?? (await begin(operated, read));
    if (!isOver(job)) await listJob(operated.control, job.id);
    return shown(job);
  });
}

/** Of a filter, whatever it is, what may be told: not what a person has typed of a text, and not every id. */
function tellable(filter: unknown): object {
  const told = Object.entries(Object(filter) as object).flatMap(([name, value]) => {
    if (!Object.hasOwn(DEAD_LETTER_FILTER, name) || name === "errorText") return [];
    return [[name, Array.isArray(value) ? value.length : value]];
  });
  return Object.fromEntries(told) as object;
}

/** How many letters a job would be about: what `startJob` expects. */
export function countForJob(
  { queue }: Pick<Operated, "queue">,
  { verb, filter = {} }: Pick<JobOrder, "verb" | "filter">,
): Promise<LetterCount> {
  return verbOf({ verb }).from(queue.deadLetters).count(filter, { withinMs: COUNT_WITHIN_MS });
}

/** The job of the same key. Rejects with HELIX_JOB_KEY_REUSED where it is another's, or nobody's. */
async function existing({ control }: Started, { id, digest }: ReadOrder): Promise<StoredJob | undefined> {
  const found = await control.get(jobKey(id));
  if (found === undefined) return undefined;
  const job = readStoredJob(found);
  if (job?.digest !== digest) throw keyReused(id);
  return job;
}

async function begin(operated: Started, order: ReadOrder): Promise<StoredJob> {
  const { queue, control, clock = systemClock } = operated;
  const { all: _, expect = 1, ...ordered } = order;
  await makeRoom(operated);
  // Before they are counted: of what dies in between more are counted than are touched, and not the other way round.
  const until = await verbOf(order).from(queue.deadLetters).cutOff();
  const found = await countForJob({ queue }, order);
  if (!found.isExact || found.count !== expect) throw countDiffers(expect, found);
  const job: StoredJob = {
    ...ordered,
    version: JOB_VERSION,
    expect,
    until,
    state: "waiting",
    counts: { done: 0, failed: 0, skipped: 0, needsForce: 0, vanished: 0 },
    errors: {},
    failures: [],
    pending: [],
    watched: [],
    createdAtMs: Math.floor(clock.wallMs()),
  };
  try {
    await control.put(jobKey(job.id), job, { revision: 0 });
    return job;
  } catch (error) {
    const same = isHelixError(error, "HELIX_CONTROL_CONFLICT") && (await existing(operated, order));
    if (same) return same;
    throw error;
  }
}

/** Forgets the oldest that are over. Rejects with HELIX_JOBS_FULL where too many are not. */
async function makeRoom({ control }: Started): Promise<void> {
  const { documents } = await control.list(JOBS);
  const jobs = documents.flatMap((document) => {
    const job = readStoredJob(document);
    return job === undefined ? [] : [{ job, document }];
  });
  const over = jobs.filter(({ job }) => isOver(job));
  if (jobs.length - over.length >= MOST_OPEN) throw jobsFull(MOST_OPEN);
  over.sort((one, other) => (one.job.endedAtMs ?? 0) - (other.job.endedAtMs ?? 0));
  const tooMany = over.slice(0, Math.max(0, jobs.length + 1 - MOST_KEPT));
  // Whoever has been faster has deleted it as well.
  await Promise.all(
    tooMany.map(({ document: { key, revision } }) => control.delete(key, { revision }).catch(() => {})),
  );
}
