import type { Lane, LaneSource, ReplayMessage, ReplayQueue } from "@helix/core";
import { equal, truthy } from "./assertions.ts";
import type { Stage } from "./stage.ts";

/** An open lane that remembers what came, in order. */
export class Receiver {
  readonly messages: ReplayMessage[] = [];
  readonly source: LaneSource;
  /** What the listener does besides remembering. */
  listen: (message: ReplayMessage) => unknown = () => {};
  readonly #stage: Stage;

  constructor(stage: Stage, queue: ReplayQueue, lane: Lane) {
    this.#stage = stage;
    // A queue that cannot notify has looked several times before a case believes that nothing comes.
    const pollIntervalMs = Math.max(1, Math.floor(stage.capabilities.quietMs / 4));
    this.source = queue.open(
      lane,
      (message) => {
        this.messages.push(message);
        return this.listen(message) as undefined;
      },
      { pollIntervalMs },
    );
  }

  get ids(): string[] {
    return this.messages.map(idOf);
  }

  /** Demands so many and waits until they are there. */
  async take(count: number): Promise<ReplayMessage[]> {
    const before = this.messages.length;
    this.source.demand(count);
    await this.arrived(before + count);
    return this.messages.slice(before, before + count);
  }

  /** Demands the next one and waits for it. */
  async next(): Promise<ReplayMessage> {
    const [message] = await this.take(1);
    truthy(message, "a message", message);
    return message;
  }

  /** Waits until so many in all are there. */
  arrived(count: number): Promise<void> {
    return this.#stage.until(
      () => this.messages.length >= count,
      `${count} messages in all`,
      () => this.messages.length,
    );
  }

  /** Demands so many and expects that nothing comes. */
  async nothing(demanded: number, why: string): Promise<void> {
    const before = this.messages.length;
    this.source.demand(demanded);
    await this.#stage.quiet();
    equal(this.ids.slice(before), [], `what comes although ${why}`);
    this.source.demand(0);
  }
}

/** What a case knows a message by: the id of its write. */
export function idOf({ content }: ReplayMessage): string {
  return content.ok ? content.payload.id : "undecodable";
}
