import { decodeContent } from "@helix/codec";
import type { Lane, MessageContent, ReplayMessage } from "@helix/core";
import { ModelMessage } from "../model/model-message.ts";
import { ModelQueue } from "../model/model-queue.ts";
import { ModelStore, type Stored } from "../model/model-store.ts";
import type { BrokenAdapter } from "./broken-adapter.ts";

export const BROKEN_DELIVERIES: readonly BrokenAdapter[] = [
  {
    wrong: "delivers the newest message first",
    Store: class extends ModelStore {
      override take(lane: Lane, max: number): Stored[] {
        this.messages.reverse();
        const taken = super.take(lane, max);
        this.messages.reverse();
        return taken;
      }
    },
    caughtBy: [
      "delivers new messages in the order in which they were accepted",
      "refuses the first message above its bound with HELIX_QUEUE_FULL, and evicts none",
      "delivers what was handed back in the order of acceptance, before what is new",
      "puts a message at the end of its lane",
    ],
  },
  {
    wrong: "delivers to a lane what is for the other priority",
    Store: class extends ModelStore {
      override take(lane: Lane, max: number): Stored[] {
        const own = super.take(lane, max);
        const other = lane.startsWith("high") ? lane.replace("high", "low") : lane.replace("low", "high");
        return own.length > 0 ? own : super.take(other as Lane, max);
      }
    },
    caughtBy: ["delivers to each lane only what is for its cluster and priority"],
  },
  {
    wrong: "serves one lane at a time",
    Queue: class extends ModelQueue {
      override async receive(lane: Lane, max: number): Promise<ReplayMessage[]> {
        const isBusy = this.store.messages.some((stored) => stored.inHand && stored.lane !== lane);
        return isBusy ? [] : super.receive(lane, max);
      }
    },
    caughtBy: [
      "delivers to each lane only what is for its cluster and priority",
      "serves a lane while nothing is demanded of the others, or everything is in hand",
      "does not take another life, another id or the same write on another cluster for the same message",
    ],
  },
  {
    wrong: "delivers again what is in hand",
    Store: class extends ModelStore {
      override take(lane: Lane, max: number): Stored[] {
        for (const stored of this.messages) if (stored.inHand) stored.visibleAtMs = 0;
        return super.take(lane, max);
      }
    },
    caughtBy: [
      "delivers each of many that were enqueued at once exactly once",
      "refuses a payload that is too large with HELIX_PAYLOAD_TOO_LARGE, and takes one of half the bound",
      "delivers to each lane only what is for its cluster and priority",
      "delivers as many as were demanded and no more, whenever they arrive",
      "delivers nothing more once its receiver says so in the middle of a delivery",
      "acknowledges one message and not its neighbours",
      "does not deliver a message in hand a second time, whatever is demanded",
      "does not deliver a message in hand to the next source of its lane",
      "does not deliver a message in hand to another pod",
      "delivers what was handed back with a delay as soon as it is hastened by its word, and nothing else",
      "refuses a delay or a count that cannot be, and leaves the message in hand",
      "keeps a message hidden for as long as its lease is extended",
      "leaves a message to the pod that got it when the first one's lease was over, whatever that one says",
      "is over with the dead letter: a second redrive finds nothing",
      "brings a message back once when two persons redrive it at the same time",
      "stores a message that is enqueued twice within the window once",
      "delivers each message to exactly one of the pods that wait",
      "has all that it had when it is opened again: ready, delayed, in hand and dead",
    ],
  },
  {
    wrong: "keeps a message from its own sources and not from other pods",
    Queue: class extends ModelQueue {
      readonly #mine = new Set<number>();
      override async receive(lane: Lane, max: number): Promise<ReplayMessage[]> {
        for (const stored of this.store.messages) {
          if (stored.inHand && !this.#mine.has(stored.sequence)) stored.visibleAtMs = 0;
        }
        return super.receive(lane, max);
      }
      override messageOf(stored: Stored): ReplayMessage {
        this.#mine.add(stored.sequence);
        return super.messageOf(stored);
      }
    },
    caughtBy: [
      "does not deliver a message in hand to another pod",
      "delivers each message to exactly one of the pods that wait",
    ],
  },
  {
    wrong: "has no end to its leases",
    Store: class extends ModelStore {
      override take(lane: Lane, max: number): Stored[] {
        const taken = super.take(lane, max);
        const sequences = new Set(taken.map(({ sequence }) => sequence));
        for (const stored of this.messages) {
          if (sequences.has(stored.sequence)) stored.visibleAtMs = Number.POSITIVE_INFINITY;
        }
        return taken;
      }
      override extend(): void {}
    },
    caughtBy: [
      "delivers a message again when its lease has run out, at no cost",
      "delivers a message to another pod when the lease of the first has run out",
      "delivers what a killed process had in hand again, at no cost",
      "delivers what was in hand when it was closed again, at no cost",
      "may hold as much as before after a lease that lapses, again and again",
      "may hold as much as before after one that is forgotten, again and again",
      "may hold as much as before after a settlement that is refused or comes too late, again and again",
      "is told nothing more of a message that was forgotten, which comes again at no cost",
      "leaves a message to the pod that got it when the first one's lease was over, whatever that one says",
      "does not move a lease while it cannot be told, and says what became of the message",
      "leaves what a pod had in hand when it closed to the others",
      "has all that it had when it is opened again: ready, delayed, in hand and dead",
      "delivers a message again that was handed back over a cut",
    ],
  },
  {
    wrong: "counts a lease that ran out as an attempt",
    Store: class extends ModelStore {
      override take(lane: Lane, max: number): Stored[] {
        const nowMs = this.clock.monotonicMs();
        for (const stored of this.messages) {
          if (stored.inHand && stored.visibleAtMs <= nowMs) stored.attempts++;
        }
        return super.take(lane, max);
      }
    },
    caughtBy: [
      "delivers a message again when its lease has run out, at no cost",
      "delivers what a killed process had in hand again, at no cost",
      "delivers what was in hand when it was closed again, at no cost",
      "is told nothing more of a message that was forgotten, which comes again at no cost",
    ],
  },
  {
    wrong: "extends no lease",
    Store: class extends ModelStore {
      override extend(): void {}
    },
    caughtBy: ["keeps a message hidden for as long as its lease is extended"],
  },
  {
    wrong: "says that leases end later than they do",
    Queue: class extends ModelQueue {
      override messageOf(stored: Stored): ReplayMessage {
        return Object.assign(super.messageOf(stored), { leaseUntilMs: this.store.clock.wallMs() + 60_000 });
      }
    },
    caughtBy: [
      "says how long its leases are, and when each ends",
      "may hold as much as before after a lease that lapses, again and again",
      "moves a lease when it was told",
    ],
  },
  {
    wrong: "delivers the same object each time",
    Queue: class extends ModelQueue {
      readonly #contents = new Map<number, MessageContent>();
      override messageOf(stored: Stored): ReplayMessage {
        const message = new ModelMessage(this, stored);
        const content = this.#contents.get(stored.sequence) ?? message.content;
        this.#contents.set(stored.sequence, content);
        return Object.assign(message, { content });
      }
    },
    caughtBy: ["delivers a payload of its own each time, whatever became of the last one"],
  },
  {
    wrong: "passes over what it cannot decode",
    Queue: class extends ModelQueue {
      override async receive(lane: Lane, max: number): Promise<ReplayMessage[]> {
        return (await super.receive(lane, max)).filter(({ content }) => content.ok);
      }
    },
    caughtBy: [
      "delivers what cannot be decoded with its bytes and the reason",
      "delivers a payload that is for another lane as its bytes and the reason",
      "keeps the bytes of what cannot be decoded",
      "keeps a dead letter that cannot be decoded, with HELIX_PAYLOAD_INVALID",
    ],
  },
  {
    wrong: "believes the body of a message, and not the lane where it lies",
    Queue: class extends ModelQueue {
      override messageOf(stored: Stored): ReplayMessage {
        return Object.assign(super.messageOf(stored), { content: decodeContent(stored.bytes, undefined) });
      }
    },
    caughtBy: ["delivers a payload that is for another lane as its bytes and the reason"],
  },
  {
    wrong: "says the wrong lane",
    Queue: class extends ModelQueue {
      override messageOf(stored: Stored): ReplayMessage {
        return Object.assign(super.messageOf(stored), { lane: "high.B" });
      }
    },
    caughtBy: ["names the lane on each message, and counts no attempt on a new one"],
  },
  {
    wrong: "counts ready messages that are delayed",
    Queue: class extends ModelQueue {
      override depthOf(lane: Lane) {
        const depth = super.depthOf(lane);
        return { ...depth, pending: depth.pending + depth.delayed, delayed: 0 };
      }
    },
    caughtBy: ["reports in time what is ready, and all that is not settled, by lane"],
  },
  {
    wrong: "knows no lane that is empty",
    Queue: class extends ModelQueue {
      override async depths() {
        return (await super.depths()).filter(({ pending }) => pending > 0);
      }
    },
    caughtBy: [
      "reports every lane of an empty queue, with nothing in it and no age",
      "reports in time what is ready, and all that is not settled, by lane",
    ],
  },
  {
    wrong: "says that nothing is old",
    Queue: class extends ModelQueue {
      override depthOf(lane: Lane) {
        const { oldestAgeMs, ...depth } = super.depthOf(lane);
        return oldestAgeMs === undefined ? depth : { ...depth, oldestAgeMs: 0 };
      }
    },
    caughtBy: ["reports in time how old the oldest message of a lane is"],
  },
];
