import type {
  ClusterIdentities,
  ControlStore,
  DeadLetterStore,
  EventHub,
  EventSource,
  Examination,
  LaneDepth,
  LaneSource,
  QueueEvents,
  QueueRoom,
  QueueTraits,
  ReplayMessage,
  ReplayPayload,
  ReplayQueue,
} from "@helix/core";
import { isHelixError, LANES, type Lane } from "@helix/core";
import { expected } from "@helix/core/queue-kit";
import { Bodies } from "./bodies.ts";
import { Admin } from "./connection/admin.ts";
import { meaningOf } from "./connection/api-errors.ts";
import { DirectGets } from "./connection/direct-gets.ts";
import type { Link } from "./connection/link.ts";
import { MissingRights } from "./connection/missing-rights.ts";
import { Outbox } from "./connection/outbox.ts";
import { PublishFailure } from "./connection/publisher.ts";
import { StreamClock } from "./connection/stream-clock.ts";
import { StreamHeaders } from "./connection/stream-headers.ts";
import { StreamPages } from "./connection/stream-pages.ts";
import { ControlWatches } from "./control/control-watches.ts";
import { NatsControlStore } from "./control/nats-control-store.ts";
import { DeadLetterEnds } from "./dead-letters/dead-letter-ends.ts";
import { DeadLetterWriter } from "./dead-letters/dead-letter-writer.ts";
import { LetterCopies } from "./dead-letters/letter-copies.ts";
import { LetterPlaces } from "./dead-letters/letter-places.ts";
import { NatsDeadLetters } from "./dead-letters/nats-dead-letters.ts";
import { NatsTrash } from "./dead-letters/nats-trash.ts";
import { OrdersLog } from "./dead-letters/orders-log.ts";
import { examine } from "./doctor/examine.ts";
import { closed, Enqueuer } from "./enqueuer.ts";
import { DecodingTurn } from "./lanes/decoding-turn.ts";
import { Delays } from "./lanes/delays.ts";
import { Evidence } from "./lanes/evidence.ts";
import { HandBacks } from "./lanes/hand-backs.ts";
import { Hastening } from "./lanes/hastening.ts";
import { LaneDepths } from "./lanes/lane-depths.ts";
import { LaneReceiver, MAX_DEMAND } from "./lanes/lane-receiver.ts";
import { MessageRecords } from "./lanes/message-records.ts";
import { PullChannel } from "./lanes/pull-channel.ts";
import { queueRoom } from "./lanes/queue-room.ts";
import { QueueSettler } from "./lanes/queue-settler.ts";
import { Settlements } from "./lanes/settlements.ts";
import { Strays } from "./lanes/strays.ts";
import { StuckMessages } from "./lanes/stuck-messages.ts";
import { Unopened } from "./lanes/unopened.ts";
import type { ReplayerSettings } from "./options.ts";
import { acceptedIn, ClusterRecord } from "./topology/cluster-record.ts";
import { durabilityOf } from "./topology/durability.ts";
import { provision } from "./topology/ensure-topology.ts";
import { consumerOf, type Names, namesOf } from "./topology/names.ts";
import { Provisioning } from "./topology/provisioning.ts";
import { TopologyWatch } from "./topology/topology-watch.ts";

/** Whether a queue can work, for readiness probes and status lines. */
export interface NatsHealth {
  /** Connected, everything that it needs is there, and it has the rights. */
  readonly isReady: boolean;
  readonly isConnected: boolean;
  /** Why it is not ready. */
  readonly cause?: unknown;
  /**
   * What somebody has to look after, though it works: a server that stores nothing; streams that somebody has changed; clocks that differ, so that
   * nothing expires; keys that are missing.
   */
  readonly warning?: string | undefined;
}

/**
 * A durable replay queue on NATS JetStream, shared by any number of processes: lanes in a work queue stream, dead letters
 * in a stream of their own, counted failures in a key-value bucket.
 *
 * It holds no message that was not demanded. What a process had in hand when it died is delivered to another after
 * `ackWaitMs`. Everything is delivered at least once: twice after a lost acknowledgement, which the original timestamp
 * makes harmless.
 *
 * States: connecting → ready ⇄ disconnected → closed. Lanes may be opened in any of them but the last; they receive when
 * the queue is ready.
 */
export class NatsReplayer implements ReplayQueue, EventSource<QueueEvents> {
  readonly traits: QueueTraits;
  readonly deadLetters: DeadLetterStore;
  readonly identities: ClusterIdentities;
  /** What pods, clients and people agree on: gates, rates, heartbeats. */
  readonly control: ControlStore;
  /** What lies in the stream and in no lane. */
  readonly strays: Pick<Strays, "count" | "list" | "discard">;
  readonly #link: Link;
  readonly #outbox: Outbox;
  readonly #names: Names;
  readonly #bodies: Bodies;
  readonly #streamClock: StreamClock;
  readonly #settings: ReplayerSettings;
  readonly #events: EventHub<QueueEvents>;
  readonly #admin: Admin;
  readonly #enqueuer: Enqueuer;
  readonly #settlements: Settlements;
  readonly #records: MessageRecords;
  readonly #evidence: Evidence;
  readonly #handBacks = new HandBacks();
  readonly #turn = new DecodingTurn();
  readonly #unopened: Unopened;
  readonly #delays: Delays;
  readonly #hastening: Hastening;
  readonly #depths: LaneDepths;
  readonly #stuck: StuckMessages;
  readonly #settler: QueueSettler;
  readonly #rights: MissingRights;
  readonly #lanes = new Map<Lane, LaneReceiver>();
  readonly #closing = new AbortController();
  readonly #provisioning: Provisioning;
  readonly #topology: TopologyWatch;
  readonly #clusters: ClusterRecord;
  readonly #watches: ControlWatches;
  readonly #control: NatsControlStore;
  /** When the stream of the lanes was made that was seen last, as its servers say: all of them the same, over restarts as well. */
  #lanesMadeAt: string | undefined;
  #closed: Promise<void> | undefined;

  /**
   * By `connectNatsReplayer`, or `connectNatsOperator`.
   *
   * @param mayMakeReaders Whether the server may be asked to send dead letters without their bodies.
   */
  constructor(link: Link, settings: ReplayerSettings, events: EventHub<QueueEvents>, mayMakeReaders = true) {
    const { clock, logger, metrics, ackWaitMs, maxAgeMs, highPriorityRatio, strictPriority } = settings;
    const names = namesOf(settings);
    this.#link = link;
    this.#names = names;
    this.#settings = settings;
    this.#events = events;
    this.traits = Object.freeze({
      leaseMs: ackWaitMs,
      maxDemand: MAX_DEMAND,
      retentionMs: maxAgeMs,
      scheduling: { highPriorityRatio, strictPriority },
    });
    const admin = new Admin(link);
    const streamClock = new StreamClock({ clock, logger, metrics, events });
    const nowMs = () => streamClock.nowMs();
    this.#streamClock = streamClock;
    this.#unopened = new Unopened({ clock, logger });
    const bodies = new Bodies(settings);
    this.#bodies = bodies;
    this.#admin = admin;
    this.#enqueuer = new Enqueuer(link, names, settings, bodies);
    const { publisher } = this.#enqueuer;
    const writer = { publisher, accepted: acceptedIn(settings.acceptClusters) };
    this.#clusters = new ClusterRecord({
      admin,
      names,
      logger,
      writer,
      onMissing: () => void this.#provisioning.again(),
    });
    this.identities = this.#clusters;
    this.#watches = new ControlWatches({
      link,
      admin,
      names,
      clock,
      onMissing: () => void this.#provisioning.again(),
    });
    this.#control = new NatsControlStore({
      admin,
      publisher,
      watches: this.#watches,
      names,
      clock,
      onFailure: (error) => this.#lookAgain(error),
    });
    this.control = this.#control;
    this.#outbox = new Outbox(link);
    this.#settlements = new Settlements(link, this.#outbox, clock, ackWaitMs);
    this.#rights = new MissingRights(link, settings);
    this.#records = new MessageRecords({ admin, publisher, names, logger });
    this.#evidence = new Evidence({
      link,
      admin,
      names,
      records: this.#records,
      clock,
      logger,
      events,
      leaseMs: ackWaitMs,
      onFailure: (error) => this.#lookAgain(error),
    });
    this.#delays = new Delays(clock);
    this.#hastening = new Hastening({ link, outbox: this.#outbox, clock, delays: this.#delays });
    const strays = new Strays({ admin, names, logger, metrics });
    this.strays = strays;
    this.#depths = new LaneDepths({ admin, names, bodies, delays: this.#delays, clock, streamClock, strays });
    this.#stuck = new StuckMessages({
      link,
      admin,
      publisher,
      names,
      bodies,
      clock,
      logger,
      metrics,
      events,
      strays,
      streamClock,
      random: Math.random,
    });
    const places = new LetterPlaces({ publisher, admin, names });
    const maxMessageBytes = () => this.#enqueuer.maxMessageBytes;
    const pages = new StreamPages(admin, new DirectGets(link, { clock, logger }), clock);
    const letters = {
      admin,
      pages,
      headers: mayMakeReaders ? new StreamHeaders(link, admin, pages, { clock, logger }) : pages,
      bodies,
      ends: new DeadLetterEnds({ publisher, admin, names, clock, nowMs }),
      orders: new OrdersLog({ clock, logger }),
      clock,
      nowMs,
      logger,
    };
    const { stream, dead, trash } = names;
    const copies = new LetterCopies({ places, admin, bodies, maxMessageBytes });
    this.deadLetters = new NatsDeadLetters({
      ...letters,
      at: dead,
      stream,
      trash: new NatsTrash({ ...letters, at: trash, dead, copies }),
      readmit: (payload, id) => this.#enqueuer.readmit(payload, id),
    });
    this.#settler = new QueueSettler({
      settlements: this.#settlements,
      records: this.#records,
      evidence: this.#evidence,
      handBacks: this.#handBacks,
      delays: this.#delays,
      hastening: this.#hastening,
      writer: new DeadLetterWriter({ places, admin, names, bodies, nowMs, maxMessageBytes }),
      logger,
      onFailure: (error) => this.#lookAgain(error),
    });
    this.#provisioning = new Provisioning({
      run: (signal) => this.#provision(signal),
      isConnected: () => link.isUp,
      onDone: () => {
        this.#topology.start();
        for (const lane of this.#lanes.values()) lane.wake();
        events.emit("queue:ready", {});
      },
      clock,
      logger,
    });
    this.#topology = new TopologyWatch({
      link,
      admin,
      names,
      settings,
      onMissing: () => void this.#provisioning.again(),
      onFound: () => this.#giveUpFormerStream(),
      clock,
      logger,
      random: Math.random,
    });
    link.listen({
      onChange: (isUp) => {
        if (isUp) this.#provisioning.connected();
      },
    });
  }

  get health(): NatsHealth {
    const isConnected = this.#link.isUp;
    const { fault, hasBeenReady } = this.#provisioning;
    const cause = isConnected ? (fault ?? this.#rights.cause) : this.#link.cause;
    const isReady = isConnected && hasBeenReady && cause === undefined;
    const { warning } = this;
    const told = { isReady, isConnected, ...(warning !== undefined && { warning }) };
    return isReady ? told : { ...told, cause };
  }

  /** As that of `health`. */
  get warning(): string | undefined {
    const parts = [this.#control, this.#topology, this.#streamClock, this.#unopened];
    return (
      parts
        .map(({ warning }) => warning)
        .filter((one) => one !== undefined)
        .join(". ") || undefined
    );
  }

  /**
   * Makes or checks what the queue needs, if the server can answer; otherwise in the background, as soon as it can.
   *
   * Rejects as `ensureTopology` does where waiting does not help.
   */
  async prepare(): Promise<void> {
    if (this.#link.isUp) await this.#provisioning.first();
  }

  /** What happened before it was made is not told again: `health` says how it is. */
  on<N extends keyof QueueEvents>(name: N, listener: (event: QueueEvents[N]) => unknown): () => void {
    return this.#events.on(name, listener);
  }

  enqueue(payload: ReplayPayload, options?: { signal?: AbortSignal | undefined }): Promise<void> {
    return this.#enqueuer.enqueue(payload, options);
  }

  open(
    lane: Lane,
    onMessage: (message: ReplayMessage) => void,
    _options: { pollIntervalMs: number },
  ): LaneSource {
    if (this.#closing.signal.aborted) throw closed();
    if (!LANES.includes(lane)) throw new TypeError(expected("lane", LANES.join(", "), lane));
    const receiver = this.#lanes.get(lane) ?? this.#receiver(lane);
    this.#lanes.set(lane, receiver);
    const source = receiver.open(onMessage);
    this.#stuck.start();
    return source;
  }

  depths(): Promise<LaneDepth[]> {
    return this.#depths.depths();
  }

  /** Rejects with HELIX_QUEUE_UNAVAILABLE, HELIX_QUEUE_UNAUTHORIZED. */
  room(): Promise<QueueRoom[]> {
    return queueRoom(this.#admin, this.#names);
  }

  /** Looks at all that the queue has on its servers, for what can lose or hold up messages. Never rejects. */
  examine(): Promise<Examination> {
    return examine({
      admin: this.#admin,
      link: this.#link,
      names: this.#names,
      settings: this.#settings,
      streamClock: this.#streamClock,
      depths: this.#depths,
      strays: this.strays,
    });
  }

  /**
   * Looks for messages that the stream holds and owes nobody, and brings all those back that an earlier look has seen as
   * well. The queue does it by itself while a lane is open: once a minute, and every few seconds after a reconnect and
   * while something is stuck. Resolves with how many were brought back.
   */
  recoverStuck(): Promise<number> {
    return this.#stuck.look();
  }

  /**
   * Refuses new work, stops the lanes, waits for what is being stored and for the server to know of all settlements, and
   * closes its own connection. What is in hand and not settled is delivered to somebody else in time.
   */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    this.#closing.abort();
    this.#provisioning.close();
    this.#topology.close();
    this.#enqueuer.refuse();
    this.#stuck.close();
    this.#watches.close();
    await Promise.all([...this.#lanes.values()].map((lane) => lane.close()));
    await this.#evidence.close();
    await this.#enqueuer.close();
    await this.#settlements.flush();
    this.#settlements.close();
    await this.#link.close();
  }

  #receiver(lane: Lane): LaneReceiver {
    return new LaneReceiver({
      ...this.#settings,
      lane,
      bodies: this.#bodies,
      source: { stream: this.#names.stream, consumer: consumerOf(lane) },
      streamClock: this.#streamClock,
      evidence: this.#evidence,
      turn: this.#turn,
      unopened: this.#unopened,
      handBacks: this.#handBacks,
      settlements: this.#settlements,
      delays: this.#delays,
      hasten: (word) => this.#hastening.hasten(lane, word),
      settler: this.#settler,
      onStop: () => {
        if (![...this.#lanes.values()].some(({ isOpen }) => isOpen)) this.#stuck.stop();
      },
      makeChannel: (receiver) => this.#channel(lane, receiver),
    });
  }

  #channel(lane: Lane, receiver: LaneReceiver): PullChannel {
    const { clock, logger, maxRequestBatch, maxAckPending, ackWaitMs } = this.#settings;
    return new PullChannel({
      lane,
      link: this.#link,
      outbox: this.#outbox,
      clock,
      logger,
      requestSubject: `$JS.API.CONSUMER.MSG.NEXT.${this.#names.stream}.${consumerOf(lane)}`,
      maxRequestBatch,
      maxHeld: maxAckPending,
      leaseMs: ackWaitMs,
      isReady: () => this.#provisioning.hasBeenReady,
      onMessage: (message, data, lease) => receiver.received(message, data, lease),
      onUnwanted: (message, lease) => receiver.unwanted(message, lease),
      onMissing: () => this.#provisioning.oneRun(),
    });
  }

  async #provision(signal: AbortSignal): Promise<void> {
    const { logger } = this.#settings;
    const { hasBeenReady, fault } = this.#provisioning;
    const { created } = await provision(this.#admin, this.#names, this.#settings, {
      ...this.#settings,
      signal,
    }).catch(async (error: unknown) => {
      // One that is refused is another one all the same.
      await this.#giveUpFormerStream().catch(() => {});
      throw error;
    });
    await this.#giveUpFormerStream();
    const streams = created.filter((name) => name.startsWith("stream "));
    if (hasBeenReady && streams.length > 0)
      logger.warn({ streams }, "streams of the queue were gone and are made anew: what they held is lost");
    await this.#clusters.putBack();
    // Without the right to, no message that comes again could be executed.
    await this.#records.read("none");
    if ((hasBeenReady && fault === undefined) || signal.aborted) return;
    const durability = await durabilityOf(this.#admin, this.#names, this.#link, this.#streamClock);
    if (signal.aborted) return;
    logger.info(durability, "the queue is ready");
    // What cannot be counted now is counted by the next look.
    await this.strays.count().catch(() => {});
  }

  /** What is in hand of a stream that is no more must not be settled: in its place there may be another message by now. */
  async #giveUpFormerStream(): Promise<void> {
    const { created } = await this.#admin.request((api) => api.streams.info(this.#names.stream));
    const before = this.#lanesMadeAt;
    this.#lanesMadeAt = created;
    if (before === undefined || before === created) return;
    const inHand = [...this.#lanes.values()].reduce((sum, lane) => sum + lane.giveUp(), 0);
    const text = "the stream of the lanes is another one: nothing is settled that was in hand";
    this.#settings.logger.warn({ created, inHand }, text);
  }

  /** Nobody stores what is published there, or there is nothing to read from: a stream may be gone. */
  #lookAgain(error: unknown): void {
    const failure =
      error instanceof PublishFailure ? error : (error as { cause?: unknown } | undefined)?.cause;
    const isUnheard = failure instanceof PublishFailure && failure.kind === "no-responders";
    const isMissing =
      isHelixError(error, "HELIX_QUEUE_REFUSED") && meaningOf(error.errorCode, error.message) === "missing";
    if (isUnheard || isMissing) void this.#provisioning.again();
  }
}
