import { CLUSTERS, type Clock, type ClusterId, clusterOf, type LaneDepth, type Logger } from "@helix/core";
import { Progress } from "./progress.ts";

/** How often it is looked at while there is work. */
const TICK_MS = 2_000;
/** So long the queue may take to say what is left. */
const LOOK_PATIENCE_MS = 10_000;

export interface ProgressReportOptions {
  readonly clusterNames: Readonly<Record<ClusterId, string>>;
  readonly clock: Clock;
  readonly logger: Logger;
  /** What lies in the queue. May reject or hang. */
  readonly depths: () => Promise<readonly LaneDepth[]>;
}

interface Question {
  readonly clusters: readonly ClusterId[];
  readonly atMs: number;
}

/**
 * Tells a log how the work goes on. It has a timer only while there is work, and asks the queue about once a minute
 * then. A queue that rejects, or does not answer for 10 s, is not waited for.
 */
export class ProgressReport {
  readonly #options: ProgressReportOptions;
  readonly #clusters: Readonly<Record<ClusterId, Progress>>;
  #cancelTimer: (() => void) | undefined;
  /** What the queue was asked and has not answered. */
  #question: Question | undefined;
  #isRunning = false;

  constructor(options: ProgressReportOptions) {
    this.#options = options;
    const { A, B } = options.clusterNames;
    this.#clusters = { A: new Progress(A), B: new Progress(B) };
  }

  start(): void {
    this.#isRunning = true;
  }

  /** Tells what was done of work that is not finished. Leaves no timer, and hears no answer. */
  stop(): void {
    this.#isRunning = false;
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    this.#question = undefined;
    for (const cluster of CLUSTERS) this.#tell(this.#clusters[cluster].stopped(this.#nowMs));
  }

  applied(cluster: ClusterId, lagMs: number): void {
    this.#clusters[cluster].applied(this.#nowMs, lagMs);
    this.#arm();
  }

  dead(cluster: ClusterId): void {
    this.#clusters[cluster].dead(this.#nowMs);
    this.#arm();
  }

  failed(cluster: ClusterId): void {
    this.#clusters[cluster].failed(this.#nowMs);
    this.#arm();
  }

  breaker(cluster: ClusterId, isOpen: boolean): void {
    this.#clusters[cluster].breaker(isOpen, this.#nowMs);
    this.#arm();
  }

  paused(cluster: ClusterId, reason: string | undefined): void {
    this.#clusters[cluster].paused(reason);
  }

  holds(cluster: ClusterId, inHand: number): void {
    this.#clusters[cluster].holds(inHand);
  }

  get #nowMs(): number {
    return this.#options.clock.monotonicMs();
  }

  #arm(): void {
    if (this.#cancelTimer !== undefined || !this.#isRunning) return;
    this.#cancelTimer = this.#options.clock.setTimer(() => {
      this.#cancelTimer = undefined;
      this.#tick();
      if (CLUSTERS.some((cluster) => this.#clusters[cluster].isAtWork)) this.#arm();
    }, TICK_MS);
  }

  #tick(): void {
    const asked = this.#question;
    if (asked !== undefined) {
      if (this.#nowMs - asked.atMs < LOOK_PATIENCE_MS) return;
      this.#answered(asked, undefined);
    }
    const clusters = CLUSTERS.filter((cluster) => this.#clusters[cluster].wantsLook(this.#nowMs));
    if (clusters.length > 0) void this.#ask(clusters);
  }

  async #ask(clusters: readonly ClusterId[]): Promise<void> {
    const question = { clusters, atMs: this.#nowMs };
    this.#question = question;
    let left: ((cluster: ClusterId) => number) | undefined;
    try {
      left = leftIn(await this.#options.depths());
    } catch {
      // It is not known, and whoever looks after the queue has told of it.
    }
    if (this.#question === question) this.#answered(question, left);
  }

  #answered({ clusters }: Question, left: ((cluster: ClusterId) => number) | undefined): void {
    this.#question = undefined;
    for (const cluster of clusters) this.#tell(this.#clusters[cluster].look(left?.(cluster), this.#nowMs));
  }

  #tell(line: ReturnType<Progress["look"]>): void {
    if (line !== undefined) this.#options.logger[line.level](line.fields, line.sentence);
  }
}

/** @throws for what are no depths. */
function leftIn(depths: readonly LaneDepth[]): (cluster: ClusterId) => number {
  const left = { A: 0, B: 0 };
  for (const { lane, pending, inFlight, delayed } of depths)
    left[clusterOf(lane)] += pending + inFlight + delayed;
  return (cluster) => left[cluster];
}
