import { isHelixError } from "@helix/core";
import { cancelJob, countForJob, getJob, JobRunner, type Operated, startJob } from "@helix/operations";
import type { Random } from "../scenario/random.ts";
import type { Seat } from "./seats.ts";
import type { Tape } from "./tape.ts";
import type { VirtualTime } from "./virtual-time.ts";

const LOOK_MS = 500;
/** Then the person cancels it: the queue may be full of what has nowhere to go. */
const PATIENCE_MS = 120_000;
/** What its pods may take to notice that, and to take over from one that has died. */
const END_LIMIT_MS = 180_000;
const START_LIMIT_MS = 30_000;
const MOST_KILLS = 3;
const KILL_WITHIN_MS = 3000;
const LEASE_MS = 5000;

export interface RedriveJobOptions {
  /** The person's own, by the streams as they are by now. */
  readonly operated: () => Operated;
  readonly pods: () => readonly Seat[];
  readonly time: VirtualTime;
  readonly tape: Tape;
  readonly random: Random;
}

/**
 * A person redrives all dead letters by a job, which the pods do; some of them die while they are at it. Each letter has to be counted
 * once, whoever began it and whoever went on. What is left, as it needs force or has no room, is the person's own to redrive.
 */
export class RedriveJob {
  readonly #options: RedriveJobOptions;
  readonly #runners = new Map<string, JobRunner>();
  #isUnderWay = false;
  #redriven = 0;
  #jobs = 0;

  constructor(options: RedriveJobOptions) {
    this.#options = options;
    options.tape.listen((event) => {
      if (event.kind === "redrive") this.#redriven++;
    });
  }

  /** A pod has begun. */
  began({ process, connected, hasWorker }: Seat): void {
    if (!this.#isUnderWay || !hasWorker || connected === undefined) return;
    const { queue, control } = connected;
    const operated = { queue, control: control as Operated["control"], clock: process.clock };
    const runner = new JobRunner(operated, { leaseMs: LEASE_MS, holder: process.name });
    this.#runners.set(process.name, runner);
    runner.start();
  }

  async run(): Promise<void> {
    const { pods, time, random, tape } = this.#options;
    const before = this.#redriven;
    const id = await this.#start();
    if (id === undefined) return;
    this.#isUnderWay = true;
    for (const pod of pods()) this.began(pod);
    const kill = () => random.pick(pods()).process.die();
    const kills = Array.from({ length: random.int(0, MOST_KILLS) }, () =>
      time.schedule(kill, random.int(1, KILL_WITHIN_MS)),
    );
    const done = (await this.#over(id, PATIENCE_MS)) ?? (await this.#cancelled(id));
    this.#isUnderWay = false;
    for (const cancel of kills) cancel();
    for (const runner of this.#runners.values()) void runner.stop();
    this.#runners.clear();
    // Before the person changes the streams, which would be others than one has been told that begins now.
    await time.runUntil(() => pods().every(({ connected }) => connected !== undefined), START_LIMIT_MS);
    if (done === undefined) tape.violated("jobs", "a job that was cancelled does not end");
    else if (done !== this.#redriven - before)
      tape.violated("jobs", `a job counts ${done} letters, and ${this.#redriven - before} were redriven`);
  }

  /** Undefined: there is nothing to redrive, or what there is has changed each time that it was counted. */
  async #start(): Promise<string | undefined> {
    const { time } = this.#options;
    const operated = this.#options.operated();
    for (let tries = 0; tries < 3; tries++) {
      const start = async () => {
        const { count } = await countForJob(operated, { verb: "redrive" });
        if (count === 0) return undefined;
        const job = await startJob(operated, {
          verb: "redrive",
          all: true,
          expect: count,
          // Slow enough for pods to die in the middle.
          perSecond: Math.ceil(count / (KILL_WITHIN_MS / 1000)),
          by: "person",
          why: "cured",
          idempotencyKey: `cure-${this.#jobs++}`,
        });
        return job.id;
      };
      const started = await time.until(
        start().catch((error: unknown) => {
          if (!isHelixError(error, "HELIX_JOB_COUNT_DIFFERS")) throw error;
          return "differs" as const;
        }),
        PATIENCE_MS,
      );
      if (started !== "differs") return started;
    }
    return undefined;
  }

  async #cancelled(id: string): Promise<number | undefined> {
    const { operated, time } = this.#options;
    const cancel = cancelJob(operated(), id, { by: "person", why: "it takes too long" });
    // It may have ended just now.
    await time.until(
      cancel.then(() => {}).catch(() => {}),
      END_LIMIT_MS,
    );
    return this.#over(id, END_LIMIT_MS);
  }

  /** How many it has done, when it is over; undefined: it was not. */
  async #over(id: string, limitMs: number): Promise<number | undefined> {
    const { operated, time } = this.#options;
    const untilMs = time.nowMs + limitMs;
    while (time.nowMs < untilMs) {
      const job = await time.until(
        getJob(operated(), id).catch(() => undefined),
        limitMs,
      );
      if (job !== undefined && job.endedAtMs !== undefined) return job.counts.done;
      await time.runUntil(() => false, LOOK_MS);
    }
    return undefined;
  }
}
