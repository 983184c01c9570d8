import { setTimeout as sleep } from "node:timers/promises";
import type { NatsServer } from "@helix/testkit/nats";
import { AT_WORK, type Pod } from "./pod.ts";
import type { Screen } from "./screen.ts";
import type { Tally } from "./tally.ts";

/** Shares of the queue that are replayed when a part dies. */
const POD_DIES_AT = 0.2;
const NATS_DIES_AT = 0.5;
const NATS_IS_AWAY_MS = 1000;

export interface CrashesOptions {
  readonly pods: readonly Pod[];
  readonly nats: NatsServer;
  readonly tally: Tally;
  readonly screen: Screen;
  readonly signal: AbortSignal;
}

/**
 * Kills a pod and then NATS, each once, while the pods replay: the pod at the very moment of one of its replays, so that
 * it has something in hand. Starts them again. Ends with the scope that it was made in, before the pods and NATS do.
 */
export class Crashes implements AsyncDisposable {
  /** The number of the pod that was killed, from 1. */
  victim: number | undefined;
  /** From the kill until it was at work again. Milliseconds. */
  podRecoveryMs: number | undefined;
  /**
   * From the kill, the time that NATS was kept away included, until the pods that live were at work again. Milliseconds.
   */
  natsRecoveryMs: number | undefined;
  readonly #options: CrashesOptions;
  #isArmed = false;
  #pod: Promise<void> | undefined;
  #nats: Promise<void> | undefined;
  readonly #end = new AbortController();
  readonly #signal: AbortSignal;

  constructor(options: CrashesOptions) {
    this.#options = options;
    this.#signal = AbortSignal.any([options.signal, this.#end.signal]);
  }

  /** Once there is a queue that is not replayed yet. */
  arm(): void {
    this.#isArmed = true;
  }

  /** To be called at each replay, with the index of the pod. */
  onReplay(pod: number): void {
    if (!this.#isArmed) return;
    const { replayed, queued } = this.#options.tally;
    if (replayed >= queued * POD_DIES_AT) this.#pod ??= awaitedLater(this.#killPod(pod));
    if (replayed >= queued * NATS_DIES_AT) this.#nats ??= awaitedLater(this.#killNats());
  }

  /** Resolves when what was killed is back; rejects when it does not come back. */
  async over(): Promise<void> {
    await this.#pod;
    await this.#nats;
  }

  /** Resolves when nothing is killed or started any more. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#end.abort();
    await Promise.allSettled([this.#pod, this.#nats]);
  }

  async #killPod(index: number): Promise<void> {
    const { pods, screen } = this.#options;
    const pod = pods[index];
    if (pod === undefined) throw new RangeError(`There is no pod ${index}`);
    this.victim = index + 1;
    const at = performance.now();
    await pod.kill();
    this.#signal.throwIfAborted();
    screen.say(`pod ${this.victim} is killed (SIGKILL) and started again`);
    pod.run();
    await pod.untilUp(AT_WORK, this.#signal);
    this.podRecoveryMs = performance.now() - at;
    screen.say(`pod ${this.victim} is at work again`);
  }

  async #killNats(): Promise<void> {
    const { pods, nats, screen } = this.#options;
    const at = performance.now();
    await nats.kill();
    screen.say("NATS is killed (SIGKILL)");
    await sleep(NATS_IS_AWAY_MS, undefined, { signal: this.#signal });
    await nats.start();
    screen.say("NATS is started again on its data");
    const others = pods.filter((_, index) => index + 1 !== this.victim);
    await Promise.all(others.map((pod) => pod.untilUp(AT_WORK, this.#signal)));
    this.natsRecoveryMs = performance.now() - at;
    screen.say("the other pod is at work again");
  }
}

/** By `over`: a rejection before that is no unhandled one. */
function awaitedLater(promise: Promise<void>): Promise<void> {
  promise.catch(() => {});
  return promise;
}
