import { setTimeout as after } from "node:timers/promises";
import type { HelixClient } from "@helix/client";
import { isHelixError } from "@helix/core";
import { seededRandom } from "@helix/testkit";
import { randomWrite } from "./tables.ts";

/** Writes at an even pace until it is stopped, and counts what callers are told. */
export class Application {
  readonly counts: Record<string, number> = {};
  readonly #client: HelixClient;
  readonly #intervalMs: number;
  readonly #random = seededRandom(42);
  readonly #pending = new Set<Promise<void>>();
  #serial = 0;
  #isPaused = false;
  #isStopped = false;

  constructor(client: HelixClient, perSecond: number) {
    this.#client = client;
    this.#intervalMs = 1000 / perSecond;
  }

  get calls(): number {
    return this.#serial;
  }

  async run(): Promise<void> {
    let dueAt = performance.now();
    while (!this.#isStopped) {
      const dueInMs = dueAt - performance.now();
      if (dueInMs > 2 || this.#isPaused) await after(Math.max(2, dueInMs));
      dueAt = Math.max(dueAt + this.#intervalMs, performance.now() - 100);
      if (!this.#isPaused) this.#call();
    }
    await this.idle();
  }

  /** Begins no more calls. Resolves when none is left. */
  async pause(): Promise<void> {
    this.#isPaused = true;
    await this.idle();
  }

  resume(): void {
    this.#isPaused = false;
  }

  stop(): void {
    this.#isStopped = true;
  }

  async idle(): Promise<void> {
    await Promise.all(this.#pending);
  }

  #call(): void {
    const call = this.#write(this.#serial++).finally(() => this.#pending.delete(call));
    this.#pending.add(call);
  }

  async #write(serial: number): Promise<void> {
    const { statements, priority } = randomWrite(this.#random, serial);
    const [only] = statements;
    let came: string;
    try {
      const { writes } =
        statements.length === 1 && only !== undefined
          ? await this.#client.execute(only.query, only.params, { priority })
          : await this.#client.batch(statements, { priority });
      came = `A ${writes.A}, B ${writes.B}`;
    } catch (error) {
      came = isHelixError(error) ? error.code : String(error);
    }
    this.counts[came] = (this.counts[came] ?? 0) + 1;
  }
}
