import { encodePayload } from "@helix/codec";
import type { Lane, ReplayPayload } from "@helix/core";
import { ModelQueue } from "../model/model-queue.ts";
import { ModelStore } from "../model/model-store.ts";
import type { BrokenAdapter } from "./broken-adapter.ts";

/** A store that changes a payload on its way in. */
function changing(change: (payload: ReplayPayload) => ReplayPayload): typeof ModelStore {
  return class extends ModelStore {
    override encode(payload: ReplayPayload): Uint8Array {
      return super.encode(change(payload));
    }
  };
}

export const BROKEN_ENQUEUES: readonly BrokenAdapter[] = [
  {
    wrong: "resolves before it has stored",
    Queue: class extends ModelQueue {
      override async enqueue(payload: ReplayPayload, options?: { signal?: AbortSignal }): Promise<void> {
        this.assertOpen();
        options?.signal?.throwIfAborted();
        const bytes = this.store.encode(payload);
        this.reach(() => this.store.publish(payload, bytes)).catch(() => {});
      }
    },
    caughtBy: [
      "has stored what it accepted: a crash right after that loses nothing",
      "refuses the first message above its bound with HELIX_QUEUE_FULL, and evicts none",
      "has room for one more when one was acknowledged, and not while it is in hand or delayed",
      "says so when it cannot store while the connection is cut, and stores again afterwards",
      "loses nothing of what it had stored before a cut",
    ],
  },
  {
    wrong: "encodes after the caller has its thread back",
    Queue: class extends ModelQueue {
      override async enqueue(payload: ReplayPayload, options?: { signal?: AbortSignal }): Promise<void> {
        await null;
        return super.enqueue(payload, options);
      }
    },
    caughtBy: ["takes a snapshot: what is changed after the call changes nothing"],
  },
  {
    wrong: "stores what cannot be encoded without the parameters",
    Store: class extends ModelStore {
      override encode(payload: ReplayPayload): Uint8Array {
        try {
          return super.encode(payload);
        } catch (error) {
          if ((error as { code?: string }).code !== "HELIX_PAYLOAD_INVALID") throw error;
          return super.encode({ ...payload, operation: { kind: "statement", query: "?", params: [] } });
        }
      }
    },
    caughtBy: ["refuses a value that cannot be encoded with HELIX_PAYLOAD_INVALID, and stores nothing"],
  },
  {
    wrong: "takes a malformed id",
    Store: changing((payload) => ({ ...payload, id: payload.id.replaceAll(" ", "_") })),
    caughtBy: ["refuses a payload of the wrong shape before any I/O, and stores nothing"],
  },
  {
    wrong: "ignores the signal",
    Queue: class extends ModelQueue {
      override enqueue(payload: ReplayPayload): Promise<void> {
        return super.enqueue(payload);
      }
    },
    caughtBy: ["stores nothing when the signal is aborted already, and rejects with its reason"],
  },
  {
    wrong: "takes payloads of any size",
    Store: class extends ModelStore {
      override encode(payload: ReplayPayload): Uint8Array {
        return encodePayload(payload);
      }
    },
    caughtBy: [
      "refuses a payload that is too large with HELIX_PAYLOAD_TOO_LARGE, and takes one of half the bound",
    ],
  },
  {
    wrong: "evicts the oldest message when it is full",
    Store: class extends ModelStore {
      override full(lane: Lane): void {
        const oldest = this.messages.find((stored) => stored.lane === lane);
        if (oldest !== undefined) this.remove(oldest);
      }
    },
    caughtBy: [
      "refuses the first message above its bound with HELIX_QUEUE_FULL, and evicts none",
      "has room for one more when one was acknowledged, and not while it is in hand or delayed",
      "keeps a dead letter that the full queue does not take",
    ],
  },
  {
    wrong: "has no bound",
    Store: class extends ModelStore {
      override full(): void {}
    },
    caughtBy: [
      "refuses the first message above its bound with HELIX_QUEUE_FULL, and evicts none",
      "has room for one more when one was acknowledged, and not while it is in hand or delayed",
      "keeps a dead letter that the full queue does not take",
    ],
  },
  {
    wrong: "never gives room back",
    Store: class extends ModelStore {
      #accepted = 0;
      override append(lane: Lane, bytes: Uint8Array): void {
        if (this.#accepted++ >= 25) super.full(lane);
        super.append(lane, bytes);
      }
    },
    caughtBy: [
      "has room for one more when one was acknowledged, and not while it is in hand or delayed",
      "may hold as much as before after a dead letter that is refused, again and again",
      "keeps a dead letter that the full queue does not take",
    ],
  },
  {
    wrong: "stores a message twice that is enqueued twice",
    Store: class extends ModelStore {
      override publish(payload: ReplayPayload, bytes: Uint8Array): void {
        this.published.clear();
        super.publish(payload, bytes);
      }
    },
    caughtBy: ["stores a message that is enqueued twice within the window once"],
  },
  {
    wrong: "knows messages by their id alone, whatever the life",
    Store: class extends ModelStore {
      override publish(payload: ReplayPayload, bytes: Uint8Array): void {
        super.publish({ ...payload, life: 0 }, bytes);
      }
    },
    caughtBy: [
      "filters dead letters by whether they were redriven before",
      "scans up to a cut-off, and nothing that has died or died again after it",
      "groups dead letters by cluster, tables, reason and code of the failure, the largest group first",
      "brings the same write back with its timestamp, one life more, no attempts, and off hold",
      "brings back by force what is too old, or whose table is gone, marked as forced",
      "forces one life only",
      "is over with the dead letter: a second redrive finds nothing",
      "brings a message back once when two persons redrive it at the same time",
      "leaves exactly one dead letter of a message that dies again before its redrive is over, in every life",
      "keeps a dead letter that the full queue does not take",
      "puts a message at the end of its lane",
      "redrives from any pod",
      "lets one of those who redrive and discard a dead letter at the same time do it, and tells the others",
      "restores one as it was, as the last that came among the dead letters, and nothing else",
      "does not take another life, another id or the same write on another cluster for the same message",
    ],
  },
  {
    wrong: "keeps timestamps as floating point",
    Store: changing((payload) => ({
      ...payload,
      timestampMicros: BigInt.asIntN(64, BigInt(Number(payload.timestampMicros))),
    })),
    caughtBy: ["delivers timestamps from one end of int64 to the other without loss"],
  },
  {
    wrong: "loses the keyspace",
    Store: changing(({ keyspace: _, ...payload }) => payload),
    caughtBy: [
      "delivers every field of a payload as it was enqueued",
      "brings the same write back with its timestamp, one life more, no attempts, and off hold",
    ],
  },
  {
    wrong: "makes positional parameters of named ones",
    Store: changing((payload) => {
      const { operation } = payload;
      if (operation.kind === "batch") return payload;
      return { ...payload, operation: { ...operation, params: Object.values(operation.params) } };
    }),
    caughtBy: ["delivers named parameters under their names"],
  },
  {
    wrong: "stores bytes as text",
    Store: changing((payload) => {
      const { operation } = payload;
      if (operation.kind === "batch" || !Array.isArray(operation.params)) return payload;
      const params = operation.params.map((value) => (Buffer.isBuffer(value) ? value.toString() : value));
      return { ...payload, operation: { ...operation, params } };
    }),
    caughtBy: [
      "delivers bound values of every kind as they were",
      "takes a snapshot: what is changed after the call changes nothing",
    ],
  },
  {
    wrong: "reverses batches",
    Store: changing((payload) => {
      const { operation } = payload;
      if (operation.kind === "statement") return payload;
      return { ...payload, operation: { ...operation, statements: operation.statements.toReversed() } };
    }),
    caughtBy: ["delivers batches of every type with their statements in order"],
  },
  {
    wrong: "takes new work after close",
    Queue: class extends ModelQueue {
      override assertOpen(): void {}
    },
    caughtBy: [
      "refuses to enqueue and to open after close with HELIX_QUEUE_CLOSED",
      "closes without a connection",
    ],
  },
];
