import { type Clock, LANES, type Lane, type Logger } from "@helix/core";
import type { JetStreamManager, StoredMsg } from "@nats-io/jetstream";
import type { Admin } from "../connection/admin.ts";
import { headerBlock, type Publisher } from "../connection/publisher.ts";
import { consumerOf, laneSubjects, type Names, subjectOf } from "../topology/names.ts";

/** How often it is looked, after a random part of it. */
const LOOK_EVERY_MS = 60_000;
/** Found in one look; the others are found in the next. */
const MOST = 1000;

export interface StuckMessagesOptions {
  readonly admin: Admin;
  readonly publisher: Publisher;
  readonly names: Names;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly random: () => number;
}

/**
 * Finds messages that the stream holds and no consumer owes anybody, and brings them back. Servers strand one in a
 * million after restarts and kills, and a message whose deliveries are used up (of a stream that the Go library made)
 * stays in the same way.
 *
 * Such a message is stored at or below the acknowledgement floor of its lane's consumer, up to which everything counts as
 * settled, or below what was delivered while nothing is owed. It must be seen twice, since a settlement may be on its way. It is published again, with id, life and sequence
 * in its message id so that two pods make one of it, and then deleted; a crash between the two executes it twice.
 */
export class StuckMessages {
  readonly #options: StuckMessagesOptions;
  #suspects = new Set<number>();
  #cancelTimer: (() => void) | undefined;
  #isClosed = false;

  constructor(options: StuckMessagesOptions) {
    this.#options = options;
  }

  /** Looks from now on. */
  start(): void {
    if (this.#isClosed || this.#cancelTimer !== undefined) return;
    const { clock, random } = this.#options;
    this.#cancelTimer = clock.setTimer(
      () => {
        this.#cancelTimer = undefined;
        void this.look()
          .catch((error: unknown) =>
            this.#options.logger.debug({ err: error }, "cannot look for stuck messages"),
          )
          .then(() => this.start());
      },
      LOOK_EVERY_MS / 2 + (LOOK_EVERY_MS / 2) * random(),
    );
  }

  /** Twice is safe. */
  close(): void {
    this.#isClosed = true;
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
  }

  /** Resolves with how many were brought back. Rejects with what the requests reject with. */
  async look(): Promise<number> {
    const { admin } = this.#options;
    const found: { readonly lane: Lane; readonly message: StoredMsg }[] = [];
    await admin.request(async (api) => {
      for (const lane of await this.#lanesWithStuck(api)) {
        for (const message of await this.#settledButStored(api, lane)) found.push({ lane, message });
      }
    });
    const before = this.#suspects;
    this.#suspects = new Set(found.map(({ message }) => message.seq));
    let broughtBack = 0;
    for (const { lane, message } of found) {
      if (!before.has(message.seq)) continue;
      await this.#bringBack(lane, message);
      broughtBack++;
    }
    return broughtBack;
  }

  /** Where the stream counts more than the consumer knows of: cheap, and nearly always nothing. */
  async #lanesWithStuck(api: JetStreamManager): Promise<Lane[]> {
    const { names } = this.#options;
    const info = await api.streams.info(names.stream, { subjects_filter: laneSubjects(names) });
    const lanes: Lane[] = [];
    for (const lane of LANES) {
      const stored = info.state.subjects?.[subjectOf(names, lane)] ?? 0;
      if (stored === 0) continue;
      const { num_pending, num_ack_pending } = await api.consumers.info(names.stream, consumerOf(lane));
      if (stored > num_pending + num_ack_pending) lanes.push(lane);
    }
    return lanes;
  }

  async #settledButStored(api: JetStreamManager, lane: Lane): Promise<StoredMsg[]> {
    const { names } = this.#options;
    const consumer = await api.consumers.info(names.stream, consumerOf(lane));
    const { stream_seq: floor } = consumer.num_ack_pending === 0 ? consumer.delivered : consumer.ack_floor;
    const found: StoredMsg[] = [];
    for (let seq = 1; seq <= floor && found.length < MOST; ) {
      const query = { seq, next_by_subj: subjectOf(names, lane) };
      const message = await api.streams.getMessage(names.stream, query);
      if (message === null || message.seq > floor) break;
      found.push(message);
      seq = message.seq + 1;
    }
    return found;
  }

  async #bringBack(lane: Lane, { seq, data, header }: StoredMsg): Promise<void> {
    const { admin, publisher, names, logger } = this.#options;
    const id = header?.get("Nats-Msg-Id") || "unnamed";
    const kept = Object.fromEntries(
      ["Helix-Format", "Helix-Table", "traceparent"]
        .map((name) => [name, header?.get(name) ?? ""] as const)
        .filter(([, value]) => value !== ""),
    );
    const headers = { ...kept, "Nats-Msg-Id": `${id}.stuck-${seq}`, "Nats-Expected-Stream": names.stream };
    await publisher.publish(subjectOf(names, lane), headerBlock(headers), data);
    await admin.find((api) => api.streams.deleteMessage(names.stream, seq, false));
    logger.warn({ lane, id, sequence: seq }, "brought a stuck message back into its lane");
  }
}
