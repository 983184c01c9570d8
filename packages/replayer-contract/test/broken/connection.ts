import type { Lane, ReplayMessage, ReplayPayload } from "@helix/core";
import { ModelQueue } from "../model/model-queue.ts";
import type { Stored } from "../model/model-store.ts";
import type { BrokenAdapter } from "./broken-adapter.ts";

export const BROKEN_CONNECTIONS: readonly BrokenAdapter[] = [
  {
    wrong: "drops what waits when it closes",
    Queue: class extends ModelQueue {
      override async close(): Promise<void> {
        if (!this.isClosed) this.store.messages = [];
        await super.close();
      }
    },
    caughtBy: [
      "delivers what was in hand when it was closed again, at no cost",
      "leaves nothing under way when stop resolves in the middle of redeliveries",
      "leaves what a pod had in hand when it closed to the others",
      "has all that it had when it is opened again: ready, delayed, in hand and dead",
    ],
  },
  {
    wrong: "says that it has stored what it let go of when it closed",
    Queue: class extends ModelQueue {
      override async enqueue(payload: ReplayPayload, options?: { signal?: AbortSignal }): Promise<void> {
        this.assertOpen();
        options?.signal?.throwIfAborted();
        const bytes = this.store.encode(payload);
        await this.reach(() => {
          if (!this.isClosed) this.store.publish(payload, bytes);
        });
      }
    },
    caughtBy: ["stores or refuses what is being enqueued when it closes, and says which"],
  },
  {
    wrong: "cannot close twice",
    Queue: class extends ModelQueue {
      override async close(): Promise<void> {
        this.assertOpen();
        await super.close();
      }
    },
    caughtBy: ["closes as often as it is told to, also at the same time and by `await using`"],
  },
  {
    wrong: "keeps what cannot be sent in memory, and says that it is stored",
    Queue: class extends ModelQueue {
      override async enqueue(payload: ReplayPayload, options?: { signal?: AbortSignal }): Promise<void> {
        if (!this.isCut || this.isClosed) return super.enqueue(payload, options);
      }
    },
    caughtBy: ["says so when it cannot store while the connection is cut, and stores again afterwards"],
  },
  {
    wrong: "waits for a connection for ever",
    Queue: class extends ModelQueue {
      override enqueue(payload: ReplayPayload, options?: { signal?: AbortSignal }): Promise<void> {
        return this.isCut && !this.isClosed ? new Promise(() => {}) : super.enqueue(payload, options);
      }
    },
    caughtBy: ["says so when it cannot store while the connection is cut, and stores again afterwards"],
  },
  {
    wrong: "gives up a lane at the first receive that fails",
    Queue: class extends ModelQueue {
      override async receive(lane: Lane, max: number): Promise<ReplayMessage[]> {
        try {
          return await super.receive(lane, max);
        } catch (error) {
          if (this.isCut) void this.sources.get(lane)?.stop();
          throw error;
        }
      }
    },
    caughtBy: [
      "goes on delivering to a receiver that waits when the connection is back, without being asked",
    ],
  },
  {
    wrong: "loses what it holds at a cut",
    Queue: class extends ModelQueue {
      override async reach<T>(act: () => T): Promise<T> {
        return super.reach(act).catch((error) => {
          if (this.isCut && !this.isClosed) this.store.messages = [];
          throw error;
        });
      }
    },
    caughtBy: [
      "may hold as much as before after a settlement that is refused or comes too late, again and again",
      "does not move a lease while it cannot be told, and says what became of the message",
      "has taken an acknowledgement that resolved over a cut, and delivers the message again otherwise",
      "delivers a message again that was handed back over a cut",
    ],
  },
  {
    wrong: "says that what could not be sent is acknowledged",
    Queue: class extends ModelQueue {
      override messageOf(stored: Stored): ReplayMessage {
        const message = super.messageOf(stored);
        const { ack } = message;
        return Object.assign(message, {
          ack: () =>
            ack.call(message).catch((error) => {
              if (error.code !== "MODEL_UNREACHABLE") throw error;
            }),
        });
      }
    },
    caughtBy: [
      "may hold as much as before after a settlement that is refused or comes too late, again and again",
      "has taken an acknowledgement that resolved over a cut, and delivers the message again otherwise",
    ],
  },
  {
    wrong: "closes only with a connection",
    Queue: class extends ModelQueue {
      override async close(): Promise<void> {
        if (!this.isClosed) await this.reach(() => {});
        await super.close();
      }
    },
    caughtBy: [
      "refuses to enqueue and to open after close with HELIX_QUEUE_CLOSED",
      "closes without a connection",
    ],
  },
];
