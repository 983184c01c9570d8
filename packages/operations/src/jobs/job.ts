import type { DeadLetterFilter } from "@helix/core";
import type { Ordered } from "../audit.ts";
import type { JobVerb } from "./job-verbs.ts";

/**
 * waiting → (a pod takes it up) running ⇄ paused, between stages → done, failed or cancelled. Whoever cancels one that is
 * running or paused makes it `cancelling`, until its pod has ended what is under way.
 */
export type JobState = "waiting" | "running" | "paused" | "cancelling" | "done" | "failed" | "cancelled";

/** What has become of letters so far, each counted once. Those that are not done lie where they lay. */
export interface JobCounts {
  readonly done: number;
  /** Each for a reason in `errors`. */
  readonly failed: number;
  /** Not tried, since their bytes are no payload and cannot be executed. What only cannot be opened here has failed. */
  readonly skipped: number;
  /** Not redriven without `force`. */
  readonly needsForce: number;
  /** Somebody else has ended them meanwhile. */
  readonly vanished: number;
}

/** How far it is in its stages. */
export interface JobStage {
  /** From 0; after the last size of `stages` comes the rest. */
  readonly index: number;
  /** Done in this stage. */
  readonly done: number;
  /** Of those of the last stage that were looked for, how many had died again. */
  readonly diedAgain?: number | undefined;
  /** How many were looked for. */
  readonly lookedFor?: number | undefined;
  /** When it is decided whether the next may begin. Milliseconds since 1970. */
  readonly decidesAtMs?: number | undefined;
}

/** Long work that a person has ordered. */
export interface Job extends Ordered {
  readonly id: string;
  readonly verb: JobVerb;
  readonly filter: DeadLetterFilter;
  readonly force: boolean;
  readonly perSecond?: number | undefined;
  readonly stages?: readonly number[] | undefined;
  readonly stageWaitMs: number;
  readonly stageMaxDiedAgain: number;
  /** How many letters the filter found when it was ordered. */
  readonly expect: number;
  readonly state: JobState;
  readonly counts: JobCounts;
  /** How often each failure came, by its code, or by its name if it has none. */
  readonly errors: Readonly<Record<string, number>>;
  /** The first of those that failed; `counts.failed` is all of them. */
  readonly failures: readonly JobFailure[];
  readonly stage?: JobStage | undefined;
  /** Who works on it. */
  readonly holder?: string | undefined;
  /** It goes on by itself when this is over: the queue is away, or full. */
  readonly stalled?: { readonly code: string; readonly sinceMs: number } | undefined;
  /** Who has cancelled it. */
  readonly cancelled?: (Ordered & { readonly atMs: number }) | undefined;
  /** Why it has failed. */
  readonly failedFor?: string | undefined;
  /** Milliseconds since 1970. */
  readonly createdAtMs: number;
  readonly startedAtMs?: number | undefined;
  readonly endedAtMs?: number | undefined;
}

export interface JobFailure {
  readonly id: string;
  readonly code: string;
}

export function isOver({ state }: Pick<Job, "state">): boolean {
  return state === "done" || state === "failed" || state === "cancelled";
}
