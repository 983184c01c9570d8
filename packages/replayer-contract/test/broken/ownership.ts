import type { Lane, LaneSource, ReplayMessage } from "@helix/core";
import type { ModelMessage } from "../model/model-message.ts";
import { ModelQueue } from "../model/model-queue.ts";
import { MODEL, ModelStore, type Stored } from "../model/model-store.ts";
import type { BrokenAdapter } from "./broken-adapter.ts";

/** A queue that counts some messages as in hand for ever: those of which `change` says so by the function that it gets. */
function keeping(change: (message: ReplayMessage, keep: () => void) => Partial<ReplayMessage>) {
  return class extends ModelQueue {
    readonly #kept = new Set<ReplayMessage>();
    override messageOf(stored: Stored): ReplayMessage {
      const message = super.messageOf(stored);
      return Object.assign(
        message,
        change(message, () => this.#kept.add(message)),
      );
    }
    override ended(message: ReplayMessage): void {
      if (!this.#kept.has(message)) super.ended(message);
    }
  };
}

export const BROKEN_OWNERSHIPS: readonly BrokenAdapter[] = [
  {
    wrong: "keeps a place for what nobody ends",
    Queue: class extends ModelQueue {
      override sweep(): void {}
    },
    caughtBy: ["may hold as much as before after a lease that lapses, again and again"],
  },
  {
    wrong: "keeps a place for what is forgotten",
    Queue: keeping((message, keep) => {
      const { forget } = message;
      return {
        forget: () => {
          keep();
          forget.call(message);
        },
      };
    }),
    caughtBy: [
      "may hold as much as before after one that is forgotten, again and again",
      "may hold as much as before after a settlement that is refused or comes too late, again and again",
    ],
  },
  {
    wrong: "keeps a place for a message whose end it refused",
    Queue: keeping((message, keep) => {
      const { ack, deadLetter } = message;
      const refused = (error: unknown) => {
        keep();
        throw error;
      };
      return {
        ack: () => ack.call(message).catch(refused),
        deadLetter: (cause) => deadLetter.call(message, cause).catch(refused),
      };
    }),
    caughtBy: [
      "may hold as much as before after a dead letter that is refused, again and again",
      "may hold as much as before after a settlement that is refused or comes too late, again and again",
    ],
  },
  {
    wrong: "prolongs a lease without being able to tell",
    Queue: class extends ModelQueue {
      override messageOf(stored: Stored): ReplayMessage {
        const message = super.messageOf(stored) as ModelMessage;
        const { extend } = message;
        return Object.assign(message, {
          extend: () => {
            message.leaseUntilMs = this.store.clock.wallMs() + MODEL.leaseMs;
            extend.call(message);
          },
        });
      }
    },
    caughtBy: ["does not move a lease while it cannot be told, and says what became of the message"],
  },
  {
    wrong: "never says that a lease has moved",
    Queue: class extends ModelQueue {
      override messageOf(stored: Stored): ReplayMessage {
        const message = super.messageOf(stored);
        const { leaseUntilMs } = message;
        return Object.defineProperty(message, "leaseUntilMs", { get: () => leaseUntilMs, set: () => {} });
      }
    },
    caughtBy: ["moves a lease when it was told"],
  },
  {
    wrong: "takes the settlements of whoever had it before",
    Store: class extends ModelStore {
      override held(delivered: Stored): Stored {
        const { delivery } =
          this.messages.find(({ sequence }) => sequence === delivered.sequence) ?? delivered;
        return super.held({ ...delivered, delivery });
      }
    },
    caughtBy: [
      "leaves a message to the pod that got it when the first one's lease was over, whatever that one says",
      "does not move a lease while it cannot be told, and says what became of the message",
    ],
  },
  {
    wrong: "acknowledges what is forgotten",
    Queue: class extends ModelQueue {
      override messageOf(stored: Stored): ReplayMessage {
        const message = super.messageOf(stored);
        const { forget } = message;
        return Object.assign(message, {
          forget: () => {
            forget.call(message);
            this.store.messages = this.store.messages.filter(({ sequence }) => sequence !== stored.sequence);
          },
        });
      }
    },
    caughtBy: [
      "may hold as much as before after one that is forgotten, again and again",
      "may hold as much as before after a settlement that is refused or comes too late, again and again",
      "is told nothing more of a message that was forgotten, which comes again at no cost",
    ],
  },
  {
    wrong: "still settles what is forgotten",
    Queue: class extends ModelQueue {
      override messageOf(stored: Stored): ReplayMessage {
        return Object.assign(super.messageOf(stored), { forget: () => {} });
      }
    },
    caughtBy: ["is told nothing more of a message that was forgotten, which comes again at no cost"],
  },
  {
    wrong: "stops before what comes again has been handed back",
    Queue: class extends ModelQueue {
      override open(
        lane: Lane,
        onMessage: (message: ReplayMessage) => void,
        options: { pollIntervalMs: number },
      ): LaneSource {
        const source = super.open(lane, onMessage, options);
        return {
          ...source,
          stop: async () => {
            void source.stop();
          },
        };
      }
      override async close(): Promise<void> {
        await super.close();
        this.isCut = true;
      }
    },
    caughtBy: ["leaves nothing under way when stop resolves in the middle of redeliveries"],
  },
];
