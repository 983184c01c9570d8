import { helixError } from "@helix/core";
import type { JobState } from "./job.ts";

declare module "@helix/core" {
  interface HelixErrors {
    /** There are not as many letters as were counted before, or they could not all be counted. Nothing was changed. */
    HELIX_JOB_COUNT_DIFFERS: {
      readonly expected: number;
      readonly count: number;
      /** Otherwise there are at least so many. */
      readonly isExact: boolean;
    };
    /** The idempotency key is that of another order. Nothing was changed. */
    HELIX_JOB_KEY_REUSED: { readonly id: string };
    /** So many jobs are under way that no other may begin. */
    HELIX_JOBS_FULL: { readonly capacity: number };
    /** There is no job of that id, or what lies there is none. */
    HELIX_JOB_NOT_FOUND: { readonly id: string };
    /** It is over, so that it cannot be cancelled. */
    HELIX_JOB_ENDED: { readonly id: string; readonly state: JobState };
  }
}

export function countDiffers(
  expected: number,
  { count, isExact }: { count: number; isExact: boolean },
): Error {
  const found = isExact ? `${count}` : `at least ${count}`;
  const text = `Expected ${expected} letters, and there are ${found}: count them again`;
  return helixError("HELIX_JOB_COUNT_DIFFERS", text, { expected, count, isExact });
}

export function keyReused(id: string): Error {
  const text = `The idempotency key is that of job \`${id}\`, whose order is another`;
  return helixError("HELIX_JOB_KEY_REUSED", text, { id });
}

export function jobsFull(capacity: number): Error {
  const text = `${capacity} jobs are under way, which are all that may be: wait for one, or cancel it`;
  return helixError("HELIX_JOBS_FULL", text, { capacity });
}

export function jobNotFound(id: string): Error {
  return helixError("HELIX_JOB_NOT_FOUND", `There is no job \`${String(id)}\``, { id });
}

export function jobEnded(id: string, state: JobState): Error {
  return helixError("HELIX_JOB_ENDED", `The job \`${id}\` is ${state}`, { id, state });
}
