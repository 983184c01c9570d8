import { type Clock, LANES, type Lane, type LaneDepth } from "@helix/core";
import type { ConsumerInfo, JetStreamManager, StreamInfo } from "@nats-io/jetstream";
import type { Bodies } from "../bodies.ts";
import type { Admin } from "../connection/admin.ts";
import type { StreamClock } from "../connection/stream-clock.ts";
import { consumerOf, laneWildcard, type Names, subjectOf } from "../topology/names.ts";
import type { Delays } from "./delays.ts";
import type { Strays } from "./strays.ts";

/** How long an answer is as good as a new one: several who ask at once cost one look. */
const FRESH_MS = 1000;

/**
 * What the lanes hold, by the server's own counts: one request about the stream, one for each consumer, and one for the
 * oldest message of each lane that is not empty.
 *
 * The server does not tell a message that is delayed from one in somebody's hand. Those that this process has handed
 * back with a delay are told apart; those of other pods count as in flight.
 */
export class LaneDepths {
  readonly #admin: Admin;
  readonly #names: Names;
  readonly #bodies: Bodies;
  readonly #delays: Delays;
  readonly #clock: Clock;
  readonly #streamClock: StreamClock;
  readonly #strays: Strays;
  #last: { readonly atMs: number; readonly depths: Promise<LaneDepth[]> } | undefined;

  constructor(options: {
    admin: Admin;
    names: Names;
    bodies: Bodies;
    delays: Delays;
    clock: Clock;
    streamClock: StreamClock;
    strays: Strays;
  }) {
    this.#admin = options.admin;
    this.#names = options.names;
    this.#bodies = options.bodies;
    this.#delays = options.delays;
    this.#clock = options.clock;
    this.#streamClock = options.streamClock;
    this.#strays = options.strays;
  }

  /** Rejects with HELIX_QUEUE_UNAVAILABLE, HELIX_QUEUE_UNAUTHORIZED. */
  depths(): Promise<LaneDepth[]> {
    const nowMs = this.#clock.monotonicMs();
    if (this.#last === undefined || nowMs - this.#last.atMs >= FRESH_MS) {
      const depths = this.#admin.request((api) => this.#look(api));
      this.#last = { atMs: nowMs, depths };
      depths.catch(() => {
        if (this.#last?.depths === depths) this.#last = undefined;
      });
    }
    return this.#last.depths;
  }

  async #look(api: JetStreamManager): Promise<LaneDepth[]> {
    const { stream } = this.#names;
    const [info, ...consumers] = await Promise.all([
      this.#streamClock.learn(() => api.streams.info(stream, { subjects_filter: laneWildcard(this.#names) })),
      ...LANES.map((lane) => api.consumers.info(stream, consumerOf(lane))),
    ]);
    const [depths] = await Promise.all([
      Promise.all(LANES.map((lane, at) => this.#depth(lane, info, consumers[at] as ConsumerInfo))),
      this.#strays.counted(info),
    ]);
    return depths;
  }

  async #depth(
    lane: Lane,
    info: StreamInfo,
    { num_pending: pending, num_ack_pending: owed }: ConsumerInfo,
  ): Promise<LaneDepth> {
    const stored = info.state.subjects?.[subjectOf(this.#names, lane)] ?? 0;
    const delayed = Math.min(owed, this.#delays.count(lane));
    const oldestAgeMs = stored === 0 ? undefined : await this.#oldestAgeMs(lane, info);
    return {
      lane,
      pending,
      inFlight: owed - delayed,
      delayed,
      stuck: Math.max(0, stored - pending - owed),
      ...(oldestAgeMs === undefined ? {} : { oldestAgeMs }),
    };
  }

  async #oldestAgeMs(lane: Lane, info: StreamInfo): Promise<number | undefined> {
    const query = { seq: Math.max(1, info.state.first_seq), next_by_subj: subjectOf(this.#names, lane) };
    const oldest = await this.#admin.message(this.#names.stream, query);
    // It is gone by now.
    if (oldest === undefined) return undefined;
    const content = this.#bodies.read(oldest.data, lane);
    const writtenAtMs = content.ok ? content.payload.writtenAtMs : oldest.storedAtMs;
    return Math.max(0, this.#streamClock.nowMs() - writtenAtMs);
  }
}
