import { decodePayload } from "@helix/codec";
import type { Disposition, RedriveOneOptions, ReplayPayload } from "@helix/core";
import { wait } from "@helix/core/queue-kit";
import { ModelDeadLetters } from "../model/model-dead-letters.ts";
import { type Buried, ModelStore } from "../model/model-store.ts";
import type { BrokenAdapter } from "./broken-adapter.ts";
import { reading } from "./dead-letters.ts";

/** A store that redrives something else. */
function reborn(change: (payload: ReplayPayload) => ReplayPayload): typeof ModelStore {
  return class extends ModelStore {
    override reborn(buried: Buried, options: RedriveOneOptions): ReplayPayload {
      return change(super.reborn(buried, options));
    }
  };
}

/** A store that decides something else. */
function deciding(change: (disposition: Disposition, before: Disposition) => Disposition): typeof ModelStore {
  return class extends ModelStore {
    override reborn(buried: Buried, options: RedriveOneOptions): ReplayPayload {
      const { disposition: before = "replay" } = decodePayload(buried.stored.bytes);
      const payload = super.reborn(buried, options);
      return { ...payload, disposition: change(payload.disposition ?? "replay", before) };
    }
  };
}

export const BROKEN_REDRIVES: readonly BrokenAdapter[] = [
  {
    wrong: "says nothing of an unknown id",
    Store: class extends ModelStore {
      override redrive(id: string, options: RedriveOneOptions): void {
        if (this.buried.has(id)) super.redrive(id, options);
      }
      override discard(id: string): void {
        this.forget(id);
      }
    },
    caughtBy: [
      "discards one out of the dead letters, and nothing else",
      "is over with the dead letter: a second redrive finds nothing",
      "refuses an id that it does not know with HELIX_DEAD_LETTER_NOT_FOUND",
      "lets one of those who redrive and discard a dead letter at the same time do it, and tells the others",
      "keeps what is discarded as it was, with who has discarded it, why and when",
      "restores one as it was, as the last that came among the dead letters, and nothing else",
      "discards again what was restored, by the order of the second time",
      "deletes one in the trash for good, and nothing else",
      "refuses to delete for somebody or a reason that is no text, and keeps the letter in the trash",
      "looks at the trash by the filters of the dead letters, and at nothing else",
      "gives the trash page by page, and scans it up to a cut-off of its own",
      "refuses a discard with HELIX_TRASH_FULL when no more are kept there, until one is deleted",
      "keeps in the trash what the full dead letters do not take back",
      "lets one of those who restore and delete a letter at the same time do it, and tells the others",
      "has a letter in one place, whoever discards and restores it at the same time",
      "keeps its trash when it is closed and opened, or killed",
      "has moved what is discarded, and restored, when the promise resolves: a crash loses nothing",
      "restores and deletes from any pod",
      "tells by whose order a letter was ended last, and nobody's where nobody is named",
      "tells by whose order a letter left the trash, apart from by whose it came there",
      "lets one of two orders end a letter, and tells every process which of them it was",
    ],
  },
  {
    wrong: "redrives with a timestamp of its own",
    Store: reborn((payload) => ({ ...payload, timestampMicros: payload.timestampMicros + 1n })),
    caughtBy: [
      "brings the same write back with its timestamp, one life more, no attempts, and off hold",
      "brings back by force what is too old, or whose table is gone, marked as forced",
    ],
  },
  {
    wrong: "redrives into the same life, so that it vanishes as a duplicate",
    Store: reborn((payload) => ({ ...payload, life: payload.life - 1 })),
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
    ],
  },
  {
    wrong: "redrives what was on hold into a hold",
    Store: deciding((disposition, before) => (before === "hold" ? before : disposition)),
    caughtBy: ["brings the same write back with its timestamp, one life more, no attempts, and off hold"],
  },
  {
    wrong: "forgets that a person has taken something off hold",
    Store: deciding((disposition, before) => (before === "hold" ? "replay" : disposition)),
    caughtBy: ["brings the same write back with its timestamp, one life more, no attempts, and off hold"],
  },
  {
    wrong: "redrives what is too old as if it was forced to",
    Store: class extends ModelStore {
      override redrive(id: string): void {
        super.redrive(id, { force: true });
      }
    },
    caughtBy: [
      "brings the same write back with its timestamp, one life more, no attempts, and off hold",
      "refuses what is too old, or whose table is gone, with HELIX_REDRIVE_NEEDS_FORCE, and keeps it",
      "forces one life only",
    ],
  },
  {
    wrong: "redrives what is too old, and looks at nothing but the age",
    Store: class extends ModelStore {
      override reborn(buried: Buried, options: RedriveOneOptions): ReplayPayload {
        const { reason } = buried.cause;
        return super.reborn(buried, { force: options.force || reason === "table-gone" });
      }
    },
    caughtBy: [
      "refuses what is too old, or whose table is gone, with HELIX_REDRIVE_NEEDS_FORCE, and keeps it",
    ],
  },
  {
    wrong: "does not say in the lane what was forced",
    Store: deciding((disposition) => (disposition === "force" ? "unsafe" : disposition)),
    caughtBy: ["brings back by force what is too old, or whose table is gone, marked as forced"],
  },
  {
    wrong: "forces what was forced once for ever",
    Store: deciding((disposition, before) => (before === "force" ? before : disposition)),
    caughtBy: ["forces one life only"],
  },
  {
    wrong: "takes any text for a force",
    Queue: reading(
      class extends ModelDeadLetters {
        override redrive(id: string, options?: RedriveOneOptions): Promise<void> {
          return super.redrive(id, { ...options, force: Boolean(options?.force) });
        }
      },
    ),
    caughtBy: ["refuses a force that is no boolean, and keeps the dead letter"],
  },
  {
    wrong: "redrives with the attempts of the last life",
    Store: class extends ModelStore {
      override redrive(id: string, options: RedriveOneOptions): void {
        const { attempts } = this.find(id).stored;
        super.redrive(id, options);
        const last = this.messages.at(-1);
        if (last !== undefined) last.attempts = attempts;
      }
    },
    caughtBy: ["brings the same write back with its timestamp, one life more, no attempts, and off hold"],
  },
  {
    wrong: "redrives to the front of the lane",
    Store: class extends ModelStore {
      override redrive(id: string, options: RedriveOneOptions): void {
        super.redrive(id, options);
        this.messages.unshift(...this.messages.splice(-1));
      }
    },
    caughtBy: ["puts a message at the end of its lane"],
  },
  {
    wrong: "keeps the dead letter of what it has redriven",
    Store: class extends ModelStore {
      override redrive(id: string, options: RedriveOneOptions): void {
        super.redrive(id, options);
        this.forgets = true;
      }
      override forget(id: string): void {
        if (this.forgets) super.forget(id);
      }
      override discard(id: string): void {
        this.find(id);
        this.buried.delete(id);
      }
      forgets = false;
    },
    caughtBy: [
      "filters dead letters by whether they were redriven before",
      "scans up to a cut-off, and nothing that has died or died again after it",
      "groups dead letters by cluster, tables, reason and code of the failure, the largest group first",
      "brings the same write back with its timestamp, one life more, no attempts, and off hold",
      "brings back by force what is too old, or whose table is gone, marked as forced",
      "forces one life only",
      "is over with the dead letter: a second redrive finds nothing",
      "leaves exactly one dead letter of a message that dies again before its redrive is over, in every life",
      "lets one of those who redrive and discard a dead letter at the same time do it, and tells the others",
      "keeps what is discarded as it was, with who has discarded it, why and when",
      "restores one as it was, as the last that came among the dead letters, and nothing else",
      "discards again what was restored, by the order of the second time",
      "deletes one in the trash for good, and nothing else",
      "refuses to delete for somebody or a reason that is no text, and keeps the letter in the trash",
      "looks at the trash by the filters of the dead letters, and at nothing else",
      "gives the trash page by page, and scans it up to a cut-off of its own",
      "refuses a discard with HELIX_TRASH_FULL when no more are kept there, until one is deleted",
      "keeps in the trash what the full dead letters do not take back",
      "lets one of those who restore and delete a letter at the same time do it, and tells the others",
      "has a letter in one place, whoever discards and restores it at the same time",
      "keeps its trash when it is closed and opened, or killed",
      "has moved what is discarded, and restored, when the promise resolves: a crash loses nothing",
      "restores and deletes from any pod",
      "tells by whose order a letter was ended last, and nobody's where nobody is named",
      "tells by whose order a letter left the trash, apart from by whose it came there",
      "lets one of two orders end a letter, and tells every process which of them it was",
    ],
  },
  {
    wrong: "forgets a dead letter before it has redriven it",
    Store: class extends ModelStore {
      override redrive(id: string, options: RedriveOneOptions): void {
        const buried = this.find(id);
        this.forget(id);
        const next = this.reborn(buried, options);
        this.publish(next, this.encode(next));
      }
    },
    caughtBy: [
      "refuses what is too old, or whose table is gone, with HELIX_REDRIVE_NEEDS_FORCE, and keeps it",
      "keeps a dead letter that the full queue does not take",
      "keeps a dead letter that cannot be decoded, with HELIX_PAYLOAD_INVALID",
    ],
  },
  {
    wrong: "discards what it has seen, whatever became of it meanwhile",
    Queue: reading(
      class extends ModelDeadLetters {
        override async discard(id: string): Promise<void> {
          this.queue.store.find(id);
          await wait(this.queue.store.clock, 10);
          this.queue.store.forget(id);
        }
      },
    ),
    caughtBy: [
      "refuses to discard for somebody or a reason that is no text, and keeps the dead letter",
      "lets one of those who redrive and discard a dead letter at the same time do it, and tells the others",
      "keeps what is discarded as it was, with who has discarded it, why and when",
      "restores one as it was, as the last that came among the dead letters, and nothing else",
      "discards again what was restored, by the order of the second time",
      "deletes one in the trash for good, and nothing else",
      "refuses to delete for somebody or a reason that is no text, and keeps the letter in the trash",
      "looks at the trash by the filters of the dead letters, and at nothing else",
      "gives the trash page by page, and scans it up to a cut-off of its own",
      "refuses a discard with HELIX_TRASH_FULL when no more are kept there, until one is deleted",
      "keeps in the trash what the full dead letters do not take back",
      "lets one of those who restore and delete a letter at the same time do it, and tells the others",
      "has a letter in one place, whoever discards and restores it at the same time",
      "keeps its trash when it is closed and opened, or killed",
      "has moved what is discarded, and restored, when the promise resolves: a crash loses nothing",
      "restores and deletes from any pod",
      "tells by whose order a letter was ended last, and nobody's where nobody is named",
      "tells by whose order a letter left the trash, apart from by whose it came there",
      "lets one of two orders end a letter, and tells every process which of them it was",
      "tells by whose order a letter was ended though its process has been killed",
    ],
  },
  {
    wrong: "says of a redrive that came too late that it worked",
    Queue: reading(
      class extends ModelDeadLetters {
        override async redrive(id: string, options?: RedriveOneOptions): Promise<void> {
          const isThere = (await this.get(id)) !== undefined;
          await wait(this.queue.store.clock, 10);
          await super.redrive(id, options).catch((error: unknown) => {
            if (!isThere) throw error;
          });
        }
      },
    ),
    caughtBy: [
      "refuses what is too old, or whose table is gone, with HELIX_REDRIVE_NEEDS_FORCE, and keeps it",
      "refuses a force that is no boolean, and keeps the dead letter",
      "keeps a dead letter that the full queue does not take",
      "keeps a dead letter that cannot be decoded, with HELIX_PAYLOAD_INVALID",
      "lets one of those who redrive and discard a dead letter at the same time do it, and tells the others",
      "lets one of two orders end a letter, and tells every process which of them it was",
    ],
  },
  {
    wrong: "forgets what it has redriven by name, whatever the life, when it may have died again",
    Queue: reading(
      class extends ModelDeadLetters {
        override async redrive(id: string, options?: RedriveOneOptions): Promise<void> {
          const [name] = id.split(".");
          await super.redrive(id, options);
          await wait(this.queue.store.clock, 100);
          for (const letter of await this.list()) {
            if (letter.id.startsWith(`${name}.`)) await super.discard(letter.id);
          }
        }
      },
    ),
    caughtBy: [
      "leaves exactly one dead letter of a message that dies again before its redrive is over, in every life",
    ],
  },
];
