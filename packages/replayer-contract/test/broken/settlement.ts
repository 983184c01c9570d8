import type { DeadLetterCause, Lane, ReleaseOptions, ReplayMessage } from "@helix/core";
import { ModelQueue } from "../model/model-queue.ts";
import { type Failed, MODEL, ModelStore, type Stored } from "../model/model-store.ts";
import type { BrokenAdapter } from "./broken-adapter.ts";

/** A queue whose messages are wrong. */
function handing(
  change: (message: ReplayMessage, queue: ModelQueue, stored: Stored) => Partial<ReplayMessage>,
): typeof ModelQueue {
  return class extends ModelQueue {
    override messageOf(stored: Stored): ReplayMessage {
      const message = bound(super.messageOf(stored));
      return Object.assign(bound(message), change(message, this, stored));
    }
  };
}

export const BROKEN_SETTLEMENTS: readonly BrokenAdapter[] = [
  {
    wrong: "does not remove what is acknowledged",
    Store: class extends ModelStore {
      override ack(delivered: Stored): void {
        this.held(delivered).inHand = false;
      }
    },
    caughtBy: [
      "has room for one more when one was acknowledged, and not while it is in hand or delayed",
      "never delivers an acknowledged message again, also when its lease is over",
      "acknowledges a message whose source has been stopped",
      "remembers an acknowledgement when it is closed and opened again",
      "lets one of two settlements at the same time win, and tells the other",
      "keeps a message hidden for as long as its lease is extended",
      "is told nothing more of a message that was forgotten, which comes again at no cost",
      "reports in time what is ready, and all that is not settled, by lane",
      "lets a listener settle its message and then throw",
      "delivers each message to exactly one of the pods that wait",
    ],
  },
  {
    wrong: "acknowledges all messages up to one",
    Store: class extends ModelStore {
      override ack(delivered: Stored): void {
        this.held(delivered);
        for (const stored of this.messages) {
          if (stored.lane === delivered.lane && stored.sequence <= delivered.sequence) this.remove(stored);
        }
      }
    },
    caughtBy: [
      "acknowledges one message and not its neighbours",
      "reports in time what is ready, and all that is not settled, by lane",
    ],
  },
  {
    wrong: "cannot settle once the source has stopped",
    Queue: handing((message, { sources }) => {
      const ifOpen = async (settle: () => Promise<void>) => {
        if (sources.has(message.lane)) await settle();
      };
      return {
        ack: () => ifOpen(() => message.ack()),
        release: (options) => ifOpen(() => message.release(options)),
      };
    }),
    caughtBy: [
      "acknowledges a message whose source has been stopped",
      "leaves nothing under way when stop resolves in the middle of redeliveries",
    ],
  },
  {
    wrong: "loses what is released",
    Store: class extends ModelStore {
      override release(delivered: Stored): void {
        this.remove(this.held(delivered));
      }
    },
    caughtBy: [
      "delivers a payload of its own each time, whatever became of the last one",
      "has room for one more when one was acknowledged, and not while it is in hand or delayed",
      "delivers nothing more once its receiver says so in the middle of a delivery",
      "acknowledges one message and not its neighbours",
      "delivers what was handed back again, however often, at no cost",
      "delivers what was handed back at once, without waiting for the lease",
      "hands back after its source has stopped",
      "delivers what was handed back in the order of acceptance, before what is new",
      "gives what was handed back to a pod that waits for it",
      "keeps a released message back for its delay, and then delivers it without being asked",
      "keeps to a delay that is longer than the lease",
      "delivers what was handed back with a delay as soon as it is hastened by its word, and nothing else",
      "remembers the count that a release gives, and keeps it when one gives none",
      "counts each message for itself",
      "shows the count to another pod",
      "remembers count and delay when its process is killed",
      "delivers a message again when its lease has run out, at no cost",
      "may hold as much as before after a dead letter that is refused, again and again",
      "leaves a message to the pod that got it when the first one's lease was over, whatever that one says",
      "leaves nothing under way when stop resolves in the middle of redeliveries",
      "keeps neither outcome nor errors where there were none, and the message's own count",
      "keeps the first failure that was counted beside the last one",
      "keeps the whole text of the last failure, and of the first only what quotes no value",
      "keeps the first failure that was counted over every delay and hand-back",
      "has kept a dead letter when its promise resolves: a crash right after that loses nothing",
      "leaves a message in hand with HELIX_DEAD_LETTERS_FULL when no more are kept, until one is discarded",
      "brings the same write back with its timestamp, one life more, no attempts, and off hold",
      "reports in time what is ready, and all that is not settled, by lane",
      "goes on after a listener that throws, and delivers its message again at no cost",
      "goes on after a listener that rejects, and delivers its message again at no cost",
      "has all that it had when it is opened again: ready, delayed, in hand and dead",
    ],
  },
  {
    wrong: "leaves what is released until its lease is over",
    Store: class extends ModelStore {
      override release(delivered: Stored, delayMs: number, attempts?: number, failed: Failed = {}): void {
        const { visibleAtMs } = this.held(delivered);
        super.release(delivered, delayMs, attempts, failed);
        if (delayMs > 0) return;
        for (const stored of this.messages) {
          if (stored.sequence === delivered.sequence) stored.visibleAtMs = visibleAtMs;
        }
      }
    },
    caughtBy: [
      "delivers nothing more once its receiver says so in the middle of a delivery",
      "delivers what was handed back again, however often, at no cost",
      "delivers what was handed back at once, without waiting for the lease",
      "delivers what was handed back in the order of acceptance, before what is new",
      "leaves nothing under way when stop resolves in the middle of redeliveries",
    ],
  },
  {
    wrong: "puts what is released at the end of the lane",
    Store: class extends ModelStore {
      override release(delivered: Stored, delayMs: number, attempts?: number, failed: Failed = {}): void {
        const stored = this.held(delivered);
        super.release(delivered, delayMs, attempts, failed);
        this.remove(stored);
        this.messages.push(stored);
      }
    },
    caughtBy: ["delivers what was handed back in the order of acceptance, before what is new"],
  },
  {
    wrong: "forgets the attempts",
    Store: class extends ModelStore {
      override release(delivered: Stored, delayMs: number, _: number | undefined, failed: Failed): void {
        super.release(delivered, delayMs, undefined, failed);
      }
    },
    caughtBy: [
      "delivers what was handed back again, however often, at no cost",
      "remembers the count that a release gives, and keeps it when one gives none",
      "counts each message for itself",
      "shows the count to another pod",
      "remembers count and delay when its process is killed",
      "delivers a message again when its lease has run out, at no cost",
      "keeps neither outcome nor errors where there were none, and the message's own count",
      "keeps the first failure that was counted beside the last one",
      "keeps the whole text of the last failure, and of the first only what quotes no value",
      "keeps the first failure that was counted over every delay and hand-back",
      "has kept a dead letter when its promise resolves: a crash right after that loses nothing",
    ],
  },
  {
    wrong: "takes a release without a count for a count of none",
    Store: class extends ModelStore {
      override release(delivered: Stored, delayMs: number, attempts?: number, failed: Failed = {}): void {
        super.release(delivered, delayMs, attempts ?? 0, failed);
      }
    },
    caughtBy: [
      "delivers what was handed back again, however often, at no cost",
      "remembers the count that a release gives, and keeps it when one gives none",
    ],
  },
  {
    wrong: "counts a hand-back as an attempt",
    Store: class extends ModelStore {
      override release(delivered: Stored, delayMs: number, attempts?: number, failed: Failed = {}): void {
        super.release(delivered, delayMs, attempts ?? delivered.attempts + 1, failed);
      }
    },
    caughtBy: [
      "delivers nothing more once its receiver says so in the middle of a delivery",
      "delivers what was handed back again, however often, at no cost",
      "delivers what was handed back with a delay as soon as it is hastened by its word, and nothing else",
      "remembers the count that a release gives, and keeps it when one gives none",
      "counts each message for itself",
      "keeps the first failure that was counted beside the last one",
      "goes on after a listener that throws, and delivers its message again at no cost",
      "goes on after a listener that rejects, and delivers its message again at no cost",
    ],
  },
  {
    wrong: "keeps the counts in its process",
    Queue: class extends ModelQueue {
      readonly #counts = new Map<number, number>();
      override messageOf(stored: Stored): ReplayMessage {
        const attempts = this.#counts.get(stored.sequence) ?? 0;
        const message = bound(super.messageOf({ ...stored, attempts }));
        return Object.assign(bound(message), {
          release: async (options?: ReleaseOptions) => {
            await message.release(options);
            if (options?.attempts !== undefined) this.#counts.set(stored.sequence, options.attempts);
          },
        });
      }
    },
    caughtBy: ["shows the count to another pod", "remembers count and delay when its process is killed"],
  },
  {
    wrong: "has one count for all messages",
    Store: class extends ModelStore {
      override release(delivered: Stored, delayMs: number, attempts?: number, failed: Failed = {}): void {
        super.release(delivered, delayMs, attempts, failed);
        if (attempts !== undefined) for (const stored of this.messages) stored.attempts = attempts;
      }
    },
    caughtBy: ["counts each message for itself"],
  },
  {
    wrong: "forgets the first failure while a message is delayed",
    Store: class extends ModelStore {
      override release(delivered: Stored, delayMs: number, attempts?: number, failed: Failed = {}): void {
        super.release(delivered, delayMs, attempts, failed);
        const stored = this.messages.find(({ sequence }) => sequence === delivered.sequence);
        if (delayMs > 0 && stored !== undefined) stored.firstError = undefined;
      }
    },
    caughtBy: ["keeps the first failure that was counted over every delay and hand-back"],
  },
  {
    wrong: "does not wait for the delay",
    Store: class extends ModelStore {
      override release(delivered: Stored, _: number, attempts?: number, failed: Failed = {}): void {
        super.release(delivered, 0, attempts, failed);
      }
    },
    caughtBy: [
      "keeps a released message back for its delay, and then delivers it without being asked",
      "keeps to a delay that is longer than the lease",
      "delivers the others of a lane while some are delayed",
      "delivers what was handed back with a delay as soon as it is hastened by its word, and nothing else",
      "reports in time what is ready, and all that is not settled, by lane",
    ],
  },
  {
    wrong: "waits no longer than a lease",
    Store: class extends ModelStore {
      override release(delivered: Stored, delayMs: number, attempts?: number, failed: Failed = {}): void {
        super.release(delivered, Math.min(delayMs, MODEL.leaseMs), attempts, failed);
      }
    },
    caughtBy: ["keeps to a delay that is longer than the lease"],
  },
  {
    wrong: "stops a lane in which something is delayed",
    Store: class extends ModelStore {
      override take(lane: Lane, max: number): Stored[] {
        const nowMs = this.clock.monotonicMs();
        const isDelayed = ({ lane: its, inHand, visibleAtMs }: Stored) =>
          its === lane && !inHand && visibleAtMs > nowMs;
        return this.messages.some(isDelayed) ? [] : super.take(lane, max);
      }
    },
    caughtBy: [
      "delivers the others of a lane while some are delayed",
      "delivers what was handed back with a delay as soon as it is hastened by its word, and nothing else",
    ],
  },
  {
    wrong: "settles a message that was refused",
    Queue: handing((message) => ({
      release: (options) =>
        message.release(options).catch(async (error) => {
          await message.ack().catch(() => {});
          throw error;
        }),
    })),
    caughtBy: ["refuses a delay or a count that cannot be, and leaves the message in hand"],
  },
  {
    wrong: "takes any delay and any count",
    Queue: handing((message) => ({
      release: ({ delayMs = 0, attempts, ...options } = {}) =>
        message.release({
          ...options,
          delayMs: Math.min(60_000, Math.max(0, delayMs)),
          attempts: attempts && Math.max(0, Math.floor(attempts)),
        }),
    })),
    caughtBy: ["refuses a delay or a count that cannot be, and leaves the message in hand"],
  },
  {
    wrong: "says nothing of a second settlement",
    Queue: handing((message) => {
      let first: Promise<void> | undefined;
      const once = (settle: () => Promise<void>) => {
        first ??= settle().catch((error) => {
          first = undefined;
          throw error;
        });
        return first;
      };
      return {
        ack: () => once(() => message.ack()),
        release: (options) => once(() => message.release(options)),
        deadLetter: (cause) => once(() => message.deadLetter(cause)),
      };
    }),
    caughtBy: [
      "rejects all that comes after ack with HELIX_MESSAGE_SETTLED",
      "rejects all that comes after release with HELIX_MESSAGE_SETTLED",
      "rejects all that comes after deadLetter with HELIX_MESSAGE_SETTLED",
      "lets one of two settlements at the same time win, and tells the other",
    ],
  },
  {
    wrong: "lets a release win over an acknowledgement that is under way",
    Queue: handing((message, { store }, { sequence }) => ({
      release: (options) =>
        message.release(options).catch((error) => {
          const isInHand = store.messages.some((one) => one.sequence === sequence && one.inHand);
          if (error.code !== "HELIX_MESSAGE_SETTLED" || !isInHand) throw error;
        }),
    })),
    caughtBy: [
      "lets one of two settlements at the same time win, and tells the other",
      "is told nothing more of a message that was forgotten, which comes again at no cost",
      "leaves a message to the pod that got it when the first one's lease was over, whatever that one says",
    ],
  },
];

/** The same message as a plain object, whose methods need no `this`. */
function bound(message: ReplayMessage): ReplayMessage {
  return {
    lane: message.lane,
    content: message.content,
    attempts: message.attempts,
    get leaseUntilMs() {
      return message.leaseUntilMs;
    },
    ack: () => message.ack(),
    release: (options?: ReleaseOptions) => message.release(options),
    extend: () => message.extend(),
    forget: () => message.forget(),
    deadLetter: (cause: DeadLetterCause) => message.deadLetter(cause),
  };
}
