import type { Clock } from "@helix/core";
import type { QueueCapabilities, QueueUnderTest } from "../../src/index.ts";
import { ModelQueue } from "./model-queue.ts";
import { MODEL, ModelStore } from "./model-store.ts";

/** A store and a queue, or broken ones. */
export interface ModelClasses {
  readonly Store?: typeof ModelStore;
  readonly Queue?: typeof ModelQueue;
}

/** The model can do all that a queue can. */
export const MODEL_CAPABILITIES: QueueCapabilities = {
  quietMs: 60,
  durable: true,
  shared: true,
  ordered: true,
  injects: true,
  hastens: true,
  orders: true,
  connection: true,
  leases: { leaseMs: MODEL.leaseMs },
  deDuplicates: { windowMs: MODEL.windowMs },
  bounded: { messages: MODEL.messages },
  deadLetterBound: { deadLetters: MODEL.deadLetters },
  trashBound: { letters: MODEL.trashed },
  payloadBound: { bytes: MODEL.payloadBytes },
};

export function modelSubject(clock: Clock, classes: ModelClasses = {}): QueueUnderTest {
  const { Store = ModelStore, Queue = ModelQueue } = classes;
  const store = new Store(clock);
  const queues: ModelQueue[] = [];
  const make = () => {
    const queue = new Queue(store);
    queues.push(queue);
    return queue;
  };
  const queue = make();
  return {
    queue,
    async dispose() {
      await Promise.allSettled(queues.map((one) => one.close()));
    },
    async reopen() {
      await queue.close();
      return make();
    },
    async crash() {
      // Nothing that it does from now on gets through.
      queue.isCut = true;
      return make();
    },
    otherPod: async () => make(),
    async cut() {
      queue.isCut = true;
    },
    async heal() {
      queue.isCut = false;
    },
    async inject(lane, bytes) {
      store.append(lane, bytes);
    },
  };
}
