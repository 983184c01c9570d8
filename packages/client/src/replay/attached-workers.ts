import type { Startable } from "@helix/core";
import { having } from "@helix/core/internal";

const workerOption = having<Startable>("a worker", ["start", "stop"]);

/** The workers that live and end with a client. */
export class AttachedWorkers {
  readonly #workers = new Set<Startable>();
  #started = false;

  /**
   * Resolves when it runs, or at once before `start`, which then starts it. A worker that fails to start
   * is not attached.
   *
   * @throws TypeError for something that is no worker.
   */
  async attach(worker: Startable): Promise<void> {
    workerOption.check(worker, "worker");
    this.#workers.add(worker);
    if (!this.#started) return;
    try {
      await worker.start();
    } catch (error) {
      this.#workers.delete(worker);
      throw error;
    }
  }

  /** Rejects with what the first worker that fails rejects with. */
  async start(): Promise<void> {
    this.#started = true;
    await Promise.all([...this.#workers].map((worker) => worker.start()));
  }

  /** Resolves when all have stopped, with what they failed with. */
  async stop(): Promise<unknown[]> {
    const ends = await Promise.allSettled([...this.#workers].map(async (worker) => worker.stop()));
    return ends.flatMap((end) => (end.status === "rejected" ? [end.reason] : []));
  }
}
