import type { Lane } from "@helix/core";
import type { Bodies } from "../bodies.ts";
import type { Admin } from "../connection/admin.ts";
import { refusalOfPublish } from "../connection/publish-refusal.ts";
import { headerBlock, type PubAck, type Publisher, type PublishFailure } from "../connection/publisher.ts";
import { headerIn, type StoredMessage } from "../connection/stored-message.ts";
import { digestOf, newMessageId, whatLies } from "../identity.ts";
import { type Names, subjectOf } from "../topology/names.ts";
import { FIRST_STORED_HEADER, firstStoredMs } from "./first-stored.ts";

/** Brought back at once: the rest of the room for what is under way is for those who enqueue. */
const AT_ONCE = 32;
const NO_ROOM =
  'A stuck message comes back when there is room in its lane; where all that it holds is stuck, only a larger `maxMsgs` or `maxBytes`, with `provision: "update"`, makes some';
/** What of a foreign header is put into a new one. */
const PLAIN = /^[ -~]{1,512}$/;

export interface StuckRecoveryOptions {
  readonly admin: Admin;
  readonly publisher: Publisher;
  readonly names: Names;
  readonly bodies: Bodies;
}

/** Puts messages that the stream holds and owes nobody at the end of their lane. */
export class StuckRecovery {
  readonly #options: StuckRecoveryOptions;
  #isClosed = false;

  constructor(options: StuckRecoveryOptions) {
    this.#options = options;
  }

  /** Ends what is under way with the messages that it has begun with. */
  close(): void {
    this.#isClosed = true;
  }

  /** The first message of a lane from a sequence on, up to a floor. */
  async next(lane: Lane, seq: number, floor: number): Promise<StoredMessage | undefined> {
    const { admin, names } = this.#options;
    if (seq > floor) return undefined;
    const query = { seq, next_by_subj: subjectOf(names, lane) };
    const message = await admin.message(names.stream, query);
    return message !== undefined && message.seq <= floor ? message : undefined;
  }

  /** Brings back all up to a floor. Calls `onDone` with how many, also if it rejects after some of them. */
  async bringBack(lane: Lane, floor: number, onDone: (count: number) => void): Promise<void> {
    const underWay = new Set<Promise<void>>();
    let broughtBack = 0;
    let byOthers = 0;
    let failure: { readonly error: unknown } | undefined;
    const failed = (error: unknown) => {
      failure ??= { error };
    };
    // Where another pod does most of it, it is left alone; what it leaves is seen by the next look.
    const isNeeded = () => byOthers <= broughtBack + AT_ONCE;
    for (let seq = 1; failure === undefined && isNeeded() && !this.#isClosed; ) {
      const message = await this.next(lane, seq, floor).catch(failed);
      if (message === undefined) break;
      seq = message.seq + 1;
      const one: Promise<void> = this.#one(lane, message)
        .then((isNew) => {
          if (isNew) broughtBack++;
          else byOthers++;
        })
        .catch(failed)
        .finally(() => underWay.delete(one));
      underWay.add(one);
      if (underWay.size >= AT_ONCE) await Promise.race(underWay);
    }
    await Promise.all(underWay);
    onDone(broughtBack);
    if (failure !== undefined) throw (failure as { error: unknown }).error;
  }

  /** Resolves with whether it was this process that brought it back. */
  async #one(lane: Lane, message: StoredMessage): Promise<boolean> {
    const { admin, names, bodies } = this.#options;
    const { seq, data } = message;
    const id = plainHeader(message, "Nats-Msg-Id") ?? "unnamed";
    const ack = await this.#publish(lane, message, `${id}.stuck-${seq}-${digestOf(data)}`);
    const isOthers = ack.duplicate === true;
    // What has gone already was another pod's copy: nobody else has a message id with these bytes in it.
    const isThis = (there: Uint8Array) => bodies.areSame(there, data);
    if (isOthers && (await whatLies(admin, names.stream, ack.seq, isThis)) === "another") {
      await this.#publish(lane, message, newMessageId(id));
    }
    await admin.find((api) => api.streams.deleteMessage(names.stream, seq, false));
    return !isOthers;
  }

  #publish(lane: Lane, message: StoredMessage, id: string): Promise<PubAck> {
    const { publisher, names } = this.#options;
    const kept: Record<string, string> = {};
    for (const name of ["Helix-Format", "Helix-Table", "traceparent"]) {
      const value = plainHeader(message, name);
      if (value !== undefined) kept[name] = value;
    }
    const since = firstStoredMs(headerIn(message, FIRST_STORED_HEADER), message.storedAtMs);
    kept[FIRST_STORED_HEADER] = String(since);
    const header = headerBlock({ ...kept, "Nats-Msg-Id": id, "Nats-Expected-Stream": names.stream });
    return publisher
      .publish(subjectOf(names, lane), header, message.data)
      .catch((failure: PublishFailure) => {
        const what = failure.meaning === "full" ? NO_ROOM : "A stuck message could not be brought back";
        throw refusalOfPublish(what, failure, publisher.timeoutMs);
      });
  }
}

function plainHeader(message: StoredMessage, name: string): string | undefined {
  const value = headerIn(message, name);
  return value !== undefined && PLAIN.test(value) ? value : undefined;
}
