import { type Lane, type LaneSource, PollingLaneSource, type ReplayMessage } from "@helix/core";
import type { ManualClock } from "@helix/testkit/manual-clock";
import { FakeQueue } from "./fake-queue.ts";

/** A queue that cannot notify: it is asked for messages, and has some or none. */
export class PolledQueue extends FakeQueue {
  /** How often it was asked. */
  looks = 0;
  readonly #clock: ManualClock;

  constructor(clock: ManualClock) {
    super(clock);
    this.#clock = clock;
  }

  override open(
    lane: Lane,
    onMessage: (message: ReplayMessage) => void,
    options: { pollIntervalMs: number },
  ): LaneSource {
    const arrived: ReplayMessage[] = [];
    const inner = super.open(lane, (message) => void arrived.push(message), options);
    const receive = async (max: number) => {
      this.looks++;
      inner.demand(max);
      // The fake delivers in a microtask.
      await null;
      inner.demand(0);
      return arrived.splice(0);
    };
    const source = new PollingLaneSource(receive, onMessage, { ...options, clock: this.#clock });
    return {
      demand: (messages) => source.demand(messages),
      stop: async () => {
        await source.stop();
        await inner.stop();
      },
    };
  }
}
