import type { Lane, LaneSource, ReplayMessage } from "@helix/core";
import { ModelQueue } from "../model/model-queue.ts";
import { ModelStore } from "../model/model-store.ts";
import type { BrokenAdapter } from "./broken-adapter.ts";

type Listener = (message: ReplayMessage) => void;
type OpenOptions = { pollIntervalMs: number };

/** A queue whose sources are wrong. */
function sourced(change: (source: LaneSource, queue: ModelQueue) => Partial<LaneSource>): typeof ModelQueue {
  return class extends ModelQueue {
    override open(lane: Lane, onMessage: Listener, options: OpenOptions): LaneSource {
      const source = super.open(lane, onMessage, options);
      return { ...source, ...change(source, this) };
    }
  };
}

/** A queue that calls its listeners in a wrong way. */
function listened(change: (listen: Listener, message: ReplayMessage, source: () => LaneSource) => unknown) {
  return class extends ModelQueue {
    override open(lane: Lane, onMessage: Listener, options: OpenOptions): LaneSource {
      const source: LaneSource = super.open(
        lane,
        (message) => change(onMessage, message, () => source) as undefined,
        options,
      );
      return source;
    }
  };
}

export const BROKEN_SOURCES: readonly BrokenAdapter[] = [
  {
    wrong: "opens any lane any number of times",
    Queue: class extends ModelQueue {
      override open(lane: Lane, onMessage: Listener, options: OpenOptions): LaneSource {
        this.sources.delete(lane);
        return super.open(lane === ("medium.B" as Lane) ? "low.B" : lane, onMessage, options);
      }
    },
    caughtBy: [
      "has one open source per lane, and another as soon as that is told to stop",
      "refuses a lane that does not exist",
    ],
  },
  {
    wrong: "delivers one more than was demanded",
    Queue: sourced((source) => ({
      demand: (messages) => source.demand(messages > 0 && messages < 1000 ? messages + 1 : messages),
    })),
    caughtBy: [
      "refuses the first message above its bound with HELIX_QUEUE_FULL, and evicts none",
      "delivers as many as were demanded and no more, whenever they arrive",
      "replaces what is left of a demand by the next one",
      "reports in time what is ready, and all that is not settled, by lane",
      "serves every pod that waits, none more than it demanded",
      "delivers nothing after close, neither what waits nor what becomes due",
    ],
  },
  {
    wrong: "adds a demand to what is left of the last one",
    Queue: class extends ModelQueue {
      override open(lane: Lane, onMessage: Listener, options: OpenOptions): LaneSource {
        let left = 0;
        const source = super.open(
          lane,
          (message) => {
            left--;
            return onMessage(message);
          },
          options,
        );
        return {
          ...source,
          demand(messages) {
            source.demand(messages);
            left = messages === 0 ? 0 : left + messages;
            source.demand(Math.min(left, 1000));
          },
        };
      }
    },
    caughtBy: ["replaces what is left of a demand by the next one"],
  },
  {
    wrong: "starts without a demand",
    Queue: class extends ModelQueue {
      override open(lane: Lane, onMessage: Listener, options: OpenOptions): LaneSource {
        const source = super.open(lane, onMessage, options);
        source.demand(1);
        return source;
      }
    },
    caughtBy: [
      "delivers nothing that was not demanded",
      "delivers nothing after close, neither what waits nor what becomes due",
    ],
  },
  {
    wrong: "takes a demand of 0 for no demand at all",
    Queue: sourced((source) => ({
      demand: (messages) => {
        if (messages !== 0) source.demand(messages);
      },
    })),
    caughtBy: [
      "delivers nothing after a demand of 0, and what was under way comes later at no cost",
      "delivers nothing more once its receiver says so in the middle of a delivery",
    ],
  },
  {
    wrong: "delivers nothing that is larger than the bytes demanded",
    Queue: sourced((source) => ({
      demand: (messages, maxBytes = 1000) => source.demand(maxBytes < 100 ? 0 : messages),
    })),
    caughtBy: ["brings the next message whatever its size, however few bytes are demanded"],
  },
  {
    wrong: "takes any demand",
    Queue: sourced((source) => ({
      demand: (messages) => source.demand(Math.min(1000, Math.max(0, Math.ceil(messages) || 0))),
    })),
    caughtBy: ["refuses a demand that cannot be, and takes the most that may be"],
  },
  {
    wrong: "delivers from inside demand",
    Queue: class extends ModelQueue {
      override open(lane: Lane, onMessage: Listener, options: OpenOptions): LaneSource {
        const source = super.open(lane, onMessage, options);
        return {
          ...source,
          demand: (messages) => {
            source.demand(messages);
            if (messages !== 2 || !this.sources.has(lane)) return;
            for (const stored of this.store.take(lane, 1)) {
              source.demand(1);
              onMessage(this.messageOf(stored));
            }
          },
        };
      }
    },
    caughtBy: ["never delivers from inside demand"],
  },
  {
    wrong: "keeps what arrives after a demand of 0, until its lease is over",
    Queue: class extends ModelQueue {
      override open(lane: Lane, onMessage: Listener, options: OpenOptions): LaneSource {
        let isWanted = true;
        const source = super.open(
          lane,
          (message) => {
            if (isWanted) return onMessage(message);
          },
          options,
        );
        return {
          demand(messages) {
            isWanted = messages !== 0;
            if (isWanted) source.demand(messages);
          },
          async stop() {
            isWanted = false;
            await source.stop();
          },
        };
      }
    },
    caughtBy: [
      "delivers nothing after a demand of 0, and what was under way comes later at no cost",
      "delivers nothing more once its receiver says so in the middle of a delivery",
      "delivers what was handed back with a delay as soon as it is hastened by its word, and nothing else",
    ],
  },
  {
    wrong: "goes on after stop",
    Queue: sourced((_, queue) => ({
      async stop() {
        queue.sources.clear();
      },
    })),
    caughtBy: [
      "has handed back what was under way when stop resolves, at no cost",
      "stops for good, however often it is told to",
      "leaves nothing under way when stop resolves in the middle of redeliveries",
    ],
  },
  {
    wrong: "goes on after close",
    Queue: class extends ModelQueue {
      override async close(): Promise<void> {
        this.isClosed = true;
      }
    },
    caughtBy: ["delivers nothing after close, neither what waits nor what becomes due"],
  },
  {
    wrong: "ends a lane whose listener throws",
    Queue: listened((listen, message, source) => {
      try {
        return listen(message);
      } catch (error) {
        void source().stop();
        throw error;
      }
    }),
    caughtBy: ["goes on after a listener that throws, and delivers its message again at no cost"],
  },
  {
    wrong: "takes a listener that fails for one that is done",
    Queue: listened((listen, message) => {
      const done = () => void message.ack().catch(() => {});
      try {
        const result: unknown = listen(message);
        if (result instanceof Promise) result.catch(done);
      } catch {
        done();
      }
    }),
    caughtBy: [
      "goes on after a listener that throws, and delivers its message again at no cost",
      "goes on after a listener that rejects, and delivers its message again at no cost",
    ],
  },
  {
    wrong: "counts what is hastened, and leaves it where it is",
    Store: class extends ModelStore {
      override hasten(lane: Lane, word: string): number {
        return this.messages.filter((one) => one.lane === lane && one.hastenedBy === word).length;
      }
    },
    caughtBy: [
      "delivers what was handed back with a delay as soon as it is hastened by its word, and nothing else",
    ],
  },
  {
    wrong: "hastens all of a lane, whatever its word",
    Store: class extends ModelStore {
      override hasten(lane: Lane, word: string): number {
        for (const one of this.messages) if (one.hastenedBy !== undefined) one.hastenedBy = word;
        return super.hasten(lane, word);
      }
    },
    caughtBy: [
      "delivers what was handed back with a delay as soon as it is hastened by its word, and nothing else",
    ],
  },
];
