import { duration, quantity } from "@helix/core/internal";

/** How often work is told of; where nothing was applied meanwhile, ever more rarely. */
const LINE_MS = 60_000;
const MAX_LINE_MS = 600_000;
/** The shortest time from which something is foretold. */
const MIN_BASE_MS = 5_000;
/** How soon the queue is asked again whether an outage is over for its messages. */
const LOOK_AGAIN_MS = 10_000;

/** A line of the log. */
export interface ProgressLine {
  readonly level: "info" | "warn";
  readonly fields: Readonly<Record<string, unknown>>;
  readonly sentence: string;
}

/** What was counted. */
interface Tally {
  applied: number;
  dead: number;
  /** Executions that failed and are tried again. */
  failed: number;
}

/** From where a rate is counted. */
interface Base extends Tally {
  readonly atMs: number;
  /** In the lanes; undefined until the queue has said so. */
  readonly left: number | undefined;
}

/** From the first sign of work until the lanes are empty. */
interface Work extends Tally {
  readonly sinceMs: number;
  longestLagMs: number;
  outages: number;
  /** Of outages that are over. */
  outageMs: number;
  /** Of the last line, or since the beginning. */
  told: Tally & { readonly atMs: number };
  lineMs: number;
  /** Undefined: a new one is wanted, since what was before says nothing of what comes. */
  base: Base | undefined;
  lookedAtMs: number;
  /** Whether something has ended since the last tick. */
  isQuiet: boolean;
}

/**
 * What a worker has to say of its work on one cluster: how much it did, what is left and for how long, and in the end what there
 * was. What is applied is this worker's, what is left the whole lanes'. It counts nothing while there is nothing to do, and it is
 * told the time.
 *
 * idle → (something ended, or the breaker opened) at work → (nothing left in the lanes and in hand) idle. While the breaker is open, replay is
 * paused or more executions fail than succeed, no time is foretold.
 */
export class Progress {
  readonly #name: string;
  #work: Work | undefined;
  #outageSinceMs: number | undefined;
  #pausedBy: string | undefined;
  #inHand = 0;

  /** @param name Of the cluster. */
  constructor(name: string) {
    this.#name = name;
  }

  get isAtWork(): boolean {
    return this.#work !== undefined;
  }

  applied(nowMs: number, lagMs: number): void {
    const work = this.#ended(nowMs);
    work.applied++;
    work.longestLagMs = Math.max(work.longestLagMs, lagMs);
  }

  dead(nowMs: number): void {
    this.#ended(nowMs).dead++;
  }

  failed(nowMs: number): void {
    this.#ended(nowMs).failed++;
  }

  breaker(isOpen: boolean, nowMs: number): void {
    if (isOpen === (this.#outageSinceMs !== undefined)) return;
    const work = this.#ended(nowMs);
    work.base = undefined;
    if (isOpen) {
      work.outages++;
      this.#outageSinceMs = nowMs;
    } else {
      work.outageMs += this.#outageMs(nowMs);
      this.#outageSinceMs = undefined;
    }
  }

  /** @param reason Undefined: it goes on. */
  paused(reason: string | undefined): void {
    this.#pausedBy = reason;
    if (this.#work !== undefined) this.#work.base = undefined;
  }

  holds(inHand: number): void {
    this.#inHand = inHand;
  }

  /** Whether it is to be told what is left. To be asked every few seconds while it is at work. */
  wantsLook(nowMs: number): boolean {
    const work = this.#work;
    if (work === undefined) return false;
    const { isQuiet, outages, base } = work;
    work.isQuiet = true;
    if (this.#isLineDue(work, nowMs)) return true;
    if (!this.#isFree) return false;
    const isOverPerhaps = isQuiet && outages > 0 && nowMs - work.lookedAtMs >= LOOK_AGAIN_MS;
    return isOverPerhaps || (base === undefined && this.#inHand > 0);
  }

  /** @param left In the lanes of the cluster, in hand and delayed as well; undefined: the queue does not say. */
  look(left: number | undefined, nowMs: number): ProgressLine | undefined {
    const work = this.#work;
    if (work === undefined) return undefined;
    work.lookedAtMs = nowMs;
    if (left === 0 && this.#inHand === 0 && this.#isFree) return this.#drained(work);
    const isDue = this.#isLineDue(work, nowMs);
    const isNews = left !== 0 || work.applied > work.told.applied;
    const line = isDue ? this.#line(work, left, nowMs) : undefined;
    if (isDue || work.base === undefined) work.base = { ...tallyOf(work), atMs: nowMs, left };
    return isNews ? line : undefined;
  }

  /** What is told where the worker stops before the work is done. */
  stopped(nowMs: number): ProgressLine | undefined {
    const work = this.#work;
    const outageMs = (work?.outageMs ?? 0) + this.#outageMs(nowMs);
    this.#work = undefined;
    this.#outageSinceMs = undefined;
    if (work === undefined || work.applied + work.dead === 0) return undefined;
    return {
      level: "info",
      fields: this.#sum(work, outageMs),
      sentence: `${this.#name}: ${done(work)} until the worker stopped`,
    };
  }

  #ended(nowMs: number): Work {
    this.#work ??= {
      ...NOTHING,
      sinceMs: nowMs,
      longestLagMs: 0,
      outages: 0,
      outageMs: 0,
      told: { ...NOTHING, atMs: nowMs },
      lineMs: LINE_MS,
      base: undefined,
      lookedAtMs: nowMs,
      isQuiet: false,
    };
    this.#work.isQuiet = false;
    return this.#work;
  }

  get #isFree(): boolean {
    return this.#outageSinceMs === undefined && this.#pausedBy === undefined;
  }

  #outageMs(nowMs: number): number {
    return this.#outageSinceMs === undefined ? 0 : nowMs - this.#outageSinceMs;
  }

  #isLineDue({ told, lineMs }: Work, nowMs: number): boolean {
    return nowMs - told.atMs >= lineMs;
  }

  #line(work: Work, left: number | undefined, nowMs: number): ProgressLine {
    const { applied, dead, failed } = since(work, work.told);
    work.told = { ...tallyOf(work), atMs: nowMs };
    work.lineMs = applied + dead > 0 ? LINE_MS : Math.min(2 * work.lineMs, MAX_LINE_MS);
    const outlook = this.#outlook(work, left, nowMs);
    const parts = [
      ...outlook.before,
      `${quantity(applied)} applied`,
      ...(dead > 0 ? [`${quantity(dead)} dead`] : []),
      ...(failed > 0 ? [`${quantity(failed)} failed and tried again`] : []),
      left === undefined ? "what is left is not known" : `${quantity(left)} left`,
      ...outlook.after,
    ];
    return {
      level: this.#isFree ? "info" : "warn",
      fields: { cluster: this.#name, applied, dead, failed, left, ...outlook.fields },
      sentence: `${this.#name}: ${parts.join(", ")}`,
    };
  }

  /** What is to be expected, where anything is. */
  #outlook(
    work: Work,
    left: number | undefined,
    nowMs: number,
  ): { before: string[]; after: string[]; fields: object } {
    const suspendedMs = this.#outageMs(nowMs);
    if (this.#pausedBy !== undefined)
      return { before: [`paused (${this.#pausedBy})`], after: [], fields: { pausedBy: this.#pausedBy } };
    if (this.#outageSinceMs !== undefined)
      return { before: [`suspended for ${duration(suspendedMs)}`], after: [], fields: { suspendedMs } };
    const { base } = work;
    if (base === undefined || nowMs - base.atMs < MIN_BASE_MS) return { before: [], after: [], fields: {} };
    const seconds = (nowMs - base.atMs) / 1000;
    const { applied, failed } = since(work, base);
    const perSecond = applied / seconds;
    const after = perSecond >= 0.1 ? [`${quantity(perSecond)}/s`] : [];
    const fields = { perSecond: Math.round(10 * perSecond) / 10 };
    // What fails is in what is left, and nobody knows when it will not.
    if (failed > applied || !left || base.left === undefined) return { before: [], after, fields };
    const fallPerMs = (base.left - left) / (nowMs - base.atMs);
    if (fallPerMs < 0)
      return { before: [], after: [...after, "growing"], fields: { ...fields, isGrowing: true } };
    if (fallPerMs === 0) return { before: [], after, fields };
    const doneInMs = Math.round(left / fallPerMs);
    return {
      before: [],
      after: [...after, `done in ${duration(doneInMs)}`],
      fields: { ...fields, doneInMs },
    };
  }

  #drained(work: Work): ProgressLine | undefined {
    const { outages, outageMs } = work;
    this.#work = undefined;
    if (work.applied + work.dead + outages === 0) return undefined;
    const what = {
      none: () => `${this.#name} is drained`,
      one: () => `outage of ${this.#name} ${duration(outageMs)}`,
      several: () => `${outages} outages of ${this.#name}, ${duration(outageMs)} in all`,
    }[outages === 0 ? "none" : outages === 1 ? "one" : "several"]();
    return { level: "info", fields: this.#sum(work, outageMs), sentence: `${what}: ${done(work)}` };
  }

  #sum({ outages, applied, dead, longestLagMs }: Work, outageMs: number): Readonly<Record<string, unknown>> {
    return {
      cluster: this.#name,
      applied,
      dead,
      ...(outages > 0 && { outages, outageMs }),
      ...(applied > 0 && { longestLagMs }),
    };
  }
}

const NOTHING: Tally = Object.freeze({ applied: 0, dead: 0, failed: 0 });

function tallyOf({ applied, dead, failed }: Tally): Tally {
  return { applied, dead, failed };
}

function since(now: Tally, then: Tally): Tally {
  return {
    applied: now.applied - then.applied,
    dead: now.dead - then.dead,
    failed: now.failed - then.failed,
  };
}

function done({ applied, dead, longestLagMs }: Work): string {
  const lag = applied > 0 ? `, longest lag ${duration(longestLagMs)}` : "";
  return `${quantity(applied)} replayed, ${quantity(dead)} dead${lag}`;
}
