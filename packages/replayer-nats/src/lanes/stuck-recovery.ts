import type { Lane } from "@helix/core";
import type { StoredMsg } from "@nats-io/jetstream";
import type { Admin } from "../connection/admin.ts";
import { refusalOfPublish } from "../connection/publish-refusal.ts";
import { headerBlock, type Publisher, type PublishFailure } from "../connection/publisher.ts";
import { type Names, subjectOf } from "../topology/names.ts";

/** Brought back at once: the rest of the room for what is under way is for those who enqueue. */
const AT_ONCE = 32;

export interface StuckRecoveryOptions {
  readonly admin: Admin;
  readonly publisher: Publisher;
  readonly names: Names;
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
  async next(lane: Lane, seq: number, floor: number): Promise<StoredMsg | undefined> {
    const { admin, names } = this.#options;
    if (seq > floor) return undefined;
    const query = { seq, next_by_subj: subjectOf(names, lane) };
    const message = await admin.find((api) => api.streams.getMessage(names.stream, query));
    return message && message.seq <= floor ? message : undefined;
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
  async #one(lane: Lane, { seq, data, header }: StoredMsg): Promise<boolean> {
    const { admin, publisher, names } = this.#options;
    const id = header?.get("Nats-Msg-Id") || "unnamed";
    const kept = Object.fromEntries(
      ["Helix-Format", "Helix-Table", "traceparent"]
        .map((name) => [name, header?.get(name) ?? ""] as const)
        .filter(([, value]) => value !== ""),
    );
    const headers = { ...kept, "Nats-Msg-Id": `${id}.stuck-${seq}`, "Nats-Expected-Stream": names.stream };
    const ack = await publisher
      .publish(subjectOf(names, lane), headerBlock(headers), data)
      .catch((failure: PublishFailure) => {
        throw refusalOfPublish("A stuck message could not be brought back", failure, publisher.timeoutMs);
      });
    await admin.find((api) => api.streams.deleteMessage(names.stream, seq, false));
    return ack.duplicate !== true;
  }
}
