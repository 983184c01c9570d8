import { decodePayload } from "@helix/codec";
import {
  type Clock,
  type ClusterId,
  type ControlReader,
  type ControlStore,
  type DeadLetter,
  type GateState,
  isHelixError,
  LANES,
  type Lane,
  messageId,
  orderGate,
  type RedriveOneOptions,
  type ReplayPayload,
  type ReplayQueue,
  silentLogger,
} from "@helix/core";
import {
  connectNatsEnqueuer,
  connectNatsReplayer,
  ensureTopology,
  type NatsReplayer,
  type NatsReplayerOptions,
} from "@helix/replayer-nats";
import type { ModelConsumer } from "../nats/model-consumer.ts";
import type { JetStreamObserver } from "../nats/model-jetstream.ts";
import { ModelNatsConnection } from "../nats/model-nats-connection.ts";
import { ModelNatsServer } from "../nats/model-nats-server.ts";
import type { Removal, StoredMessage } from "../nats/model-stream.ts";
import { decode } from "../nats/wire.ts";
import type { StreamRole } from "../scenario/nats-faults.ts";
import type { Random } from "../scenario/random.ts";
import type { Scenario } from "../scenario/scenario.ts";
import { SimProcess } from "../world/sim-process.ts";
import type { Tape } from "../world/tape.ts";
import { START_MS, type VirtualTime } from "../world/virtual-time.ts";
import { payloadIdentity } from "./watched-queue.ts";

/** As the adapter names them. */
export const STREAMS: Readonly<Record<StreamRole, string>> = {
  lanes: "helix-replay",
  "dead letters": "helix-replay-dead-letters",
  records: "KV_helix-replay-state",
};
const PREFIX = "helix.replay";
const RECORDS = "$KV.helix-replay-state.attempts.";
const MAX_BYTES = 2 ** 30;
const SETUP_LIMIT_MS = 60_000;
/** What a person's commands may take. */
const COMMAND_LIMIT_MS = 120_000;
const ORDER_AGAIN_MS = 500;

export function consumerOf(lane: Lane): string {
  const [priority, cluster] = lane.split(".");
  return `helix-worker-${priority}-${cluster}`;
}

/** A process's queue, and what ends it in good order. */
export interface Connected {
  readonly queue: ReplayQueue;
  /** What people order, as this process sees it. */
  readonly control: ControlReader;
  readonly connection: ModelNatsConnection;
  /** Whether the server is as its options say. */
  readonly isReady: () => boolean;
  readonly close: () => Promise<void>;
}

/**
 * The production adapter in each process, over a connection to one model server. What is seen of the streams goes to the
 * tape: what left its lane, what was put back by a person, and which death was counted.
 */
export class NatsQueue {
  readonly server: ModelNatsServer;
  readonly #scenario: Scenario;
  readonly #time: VirtualTime;
  readonly #random: Random;
  readonly #tape: Tape;
  readonly #person: SimProcess;
  /** How often a person has changed the streams, and with them the options of processes that start from then on. */
  changes = 0;
  #capacity: number;
  #deadLetterCapacity: number;
  #desk: NatsReplayer | undefined;
  /** Of each message in a lane, under how many sequences it lies there. */
  readonly #copies = new Map<string, number>();
  readonly #lives = new Set<string>();
  readonly #everDead = new Set<string>();
  readonly #counted = new Map<string, Counted>();
  readonly #deliveredTo = new Map<string, { readonly process: string; readonly atMs: number }>();
  readonly #connections: { readonly process: string; readonly connection: ModelNatsConnection }[] = [];

  constructor(scenario: Scenario, time: VirtualTime, random: Random, tape: Tape) {
    const { version, hopMs } = scenario.nats;
    this.#scenario = scenario;
    this.#time = time;
    this.#random = random;
    this.#tape = tape;
    this.#capacity = scenario.queueCapacity;
    this.#deadLetterCapacity = scenario.deadLetterCapacity;
    this.#person = new SimProcess("person", time, { onDeath: () => {} });
    const observer: JetStreamObserver = {
      stored: (stream, message) => this.#stored(stream, message),
      removed: (stream, message, why) => this.#removed(stream, message, why),
      delivered: (stream, message, to) => {
        if (stream === STREAMS.lanes) this.#delivered(message, to);
      },
    };
    this.server = new ModelNatsServer({ time, random: random.fork("server"), version, hopMs, observer });
  }

  /** Messages in the lanes. */
  get pending(): number {
    return this.server.jetStream.stream(STREAMS.lanes)?.size ?? 0;
  }

  /** Whether a lane holds what its consumer owes nobody. */
  get isStuck(): boolean {
    const stream = this.server.jetStream.stream(STREAMS.lanes);
    return LANES.some((lane) => {
      const stored = stream?.countFrom(`${PREFIX}.${lane}`, 1) ?? 0;
      return stored > (this.#consumer(lane)?.owed ?? stored);
    });
  }

  /** Makes what the queue needs on the server, as a deployment does. */
  async setUp(): Promise<void> {
    await this.#within(this.#setUp(), SETUP_LIMIT_MS);
  }

  /** For a process that replays. */
  async connectPod(process: SimProcess, random: Random): Promise<Connected> {
    const connection = await this.#connect(process, random);
    const queue = await connectNatsReplayer({
      ...this.#options(process, connection),
      ...this.#scheduling(),
      provision: "create",
    });
    const { control } = queue;
    return { queue, control, connection, isReady: () => queue.health.isReady, close: () => queue.close() };
  }

  /** For a process that only enqueues. */
  async connectApp(process: SimProcess, random: Random): Promise<Connected> {
    const connection = await this.#connect(process, random);
    const enqueuer = await connectNatsEnqueuer({
      connection: connection.asNatsConnection(),
      clock: process.clock,
    });
    // What an application never asks for is not there.
    return {
      queue: enqueuer as unknown as ReplayQueue,
      control: enqueuer.control,
      connection,
      isReady: () => true,
      close: () => enqueuer.close(),
    };
  }

  /** As the person's own connection has them. */
  async dead(): Promise<DeadLetter[]> {
    const all = async () => {
      const letters: DeadLetter[] = [];
      for await (const letter of this.#atDesk.deadLetters.scan()) letters.push(letter);
      return letters;
    };
    return this.#within(all(), COMMAND_LIMIT_MS);
  }

  /** Gives an order for a gate, and again for as long as NATS does not take it. */
  async order(cluster: ClusterId, state: GateState): Promise<void> {
    const { clock } = this.#person;
    const change = { cluster, state, reason: "a fault", by: "person" };
    for (;;) {
      try {
        await orderGate(this.#atDesk.control, change, { clock });
        return;
      } catch (error) {
        if (isHelixError(error, "HELIX_GATE_REFUSED")) throw error;
        await new Promise<void>((resolve) => void this.#time.schedule(resolve, ORDER_AGAIN_MS));
      }
    }
  }

  /** What a person's commands are given to. */
  get operated(): { readonly queue: NatsReplayer; readonly control: ControlStore; readonly clock: Clock } {
    return { queue: this.#atDesk, control: this.#atDesk.control, clock: this.#person.clock };
  }

  redrive(id: string, options: RedriveOneOptions): Promise<void> {
    return this.#within(this.#atDesk.deadLetters.redrive(id, options), COMMAND_LIMIT_MS);
  }

  /** A person gives the dead letters all the room that they need. */
  async enlargeDeadLetters(): Promise<void> {
    this.changes++;
    this.#deadLetterCapacity = 1_000_000;
    await this.#within(this.#setUp(), COMMAND_LIMIT_MS);
  }

  /** A person gives the lanes more room, as where all of one is stuck. */
  async enlargeLanes(): Promise<void> {
    this.changes++;
    this.#capacity *= 2;
    await this.#within(this.#setUp(), COMMAND_LIMIT_MS);
  }

  /** What some other program has published, if there is room. */
  publishGarbage(lane: Lane, name: string): void {
    const data = new Uint8Array([1, 2, 3]);
    const header = new TextEncoder().encode(`NATS/1.0\r\nNats-Msg-Id: ${name}\r\n\r\n`);
    this.server.jetStream.handle({ subject: `${PREFIX}.${lane}`, reply: "", header, data });
  }

  /** How many messages the server takes to be in the hand of whose connection it is, but what came at the very end. */
  heldBy(connection: ModelNatsConnection, agoMs: number): number {
    const storedByMs = START_MS + this.#time.nowMs - agoMs;
    const isTheirs = (subject: string) => connection.hasListened(subject);
    const held = LANES.map((lane) => this.#consumer(lane)?.heldBy(isTheirs, storedByMs) ?? 0);
    return held.reduce((sum, one) => sum + one, 0);
  }

  /** Whom a message was last sent to, and when. */
  lastDelivery(message: string): { readonly process: string; readonly atMs: number } | undefined {
    return this.#deliveredTo.get(message);
  }

  /** What the record of a message says. */
  counted(message: string): Counted | undefined {
    return this.#counted.get(message);
  }

  /** What could be delivered to somebody who asks. */
  ready(lane: Lane): number {
    return this.#consumer(lane)?.ready ?? 0;
  }

  /** What is in somebody's hand is delivered to somebody else as well. */
  duplicate(share: number): void {
    for (const lane of LANES) this.#consumer(lane)?.redeliverSome(() => this.#random.chance(share));
  }

  #consumer(lane: Lane): ModelConsumer | undefined {
    return this.server.jetStream.consumer(STREAMS.lanes, consumerOf(lane));
  }

  get #atDesk(): NatsReplayer {
    if (this.#desk === undefined) throw new Error("The queue was not set up");
    return this.#desk;
  }

  async #setUp(): Promise<void> {
    const connection = await this.#connect(this.#person, this.#random.fork("person"));
    const { maxInFlight, ...topology } = this.#options(this.#person, connection);
    await ensureTopology({ ...topology, provision: "update" });
    await this.#desk?.close();
    this.#desk = await connectNatsReplayer({ ...topology, maxInFlight, provision: "none" });
  }

  async #connect(process: SimProcess, random: Random): Promise<ModelNatsConnection> {
    const { server } = this;
    const connection = await ModelNatsConnection.connect({ server, process, random: random.fork("nats") });
    this.#connections.unshift({ process: process.name, connection });
    return connection;
  }

  #options(process: SimProcess, connection: ModelNatsConnection) {
    const { leaseMs, maxAgeMs, nats } = this.#scenario;
    const { maxAckPending, maxRequestBatch } = nats;
    return {
      connection: connection.asNatsConnection(),
      clock: process.clock,
      logger: silentLogger,
      maxMsgs: this.#capacity,
      maxBytes: MAX_BYTES,
      maxDeadLetters: this.#deadLetterCapacity,
      ackWaitMs: leaseMs,
      maxAgeMs,
      maxAckPending,
      maxRequestBatch,
      maxInFlight: 256,
    } satisfies NatsReplayerOptions;
  }

  #scheduling(): Pick<NatsReplayerOptions, "highPriorityRatio" | "strictPriority"> {
    const { highPriorityRatio, strictPriority } = this.#scenario.worker;
    return { highPriorityRatio, strictPriority };
  }

  /** Of what is asked from outside of the simulated time. */
  async #within<T>(promise: Promise<T>, limitMs: number): Promise<T> {
    let result: { readonly value: T } | undefined;
    const outcome = promise.then((value) => {
      result = { value };
    });
    await this.#time.until(outcome, limitMs);
    if (result === undefined) throw new Error(`A person's command took longer than ${limitMs} ms`);
    return result.value;
  }

  #stored(stream: string, message: StoredMessage): void {
    if (stream === STREAMS["dead letters"]) {
      const [id, life] = message.subject.split(".").slice(-2);
      this.#everDead.add(`${id}.${life}`);
    } else if (stream === STREAMS.lanes) {
      this.#enqueued(message);
    } else if (message.subject.startsWith(RECORDS) && message.data.length > 0) {
      this.#recorded(message.subject.slice(RECORDS.length), message.data);
    }
  }

  #delivered(stored: StoredMessage, to: string): void {
    const payload = payloadOf(stored);
    const found = this.#connections.find(({ connection }) => connection.hasListened(to));
    if (payload === undefined || found === undefined) return;
    this.#deliveredTo.set(messageId(payload), { process: found.process, atMs: this.#time.nowMs });
  }

  #enqueued(stored: StoredMessage): void {
    const payload = payloadOf(stored);
    const message = payload === undefined ? nameOf(stored) : messageId(payload);
    this.#copies.set(message, (this.#copies.get(message) ?? 0) + 1);
    if (payload === undefined || payload.life === 0 || this.#lives.has(message)) return;
    this.#lives.add(message);
    const from = messageId({ ...payload, life: payload.life - 1 });
    const identity = payloadIdentity(payload);
    this.#tape.emit({ kind: "redrive", from, to: message, cluster: payload.targetCluster, identity });
  }

  #removed(stream: string, stored: StoredMessage, why: Removal): void {
    if (stream === STREAMS.records && stored.subject.startsWith(RECORDS) && why === "purged") {
      this.#counted.delete(stored.subject.slice(RECORDS.length));
    }
    if (stream !== STREAMS.lanes) return;
    const payload = payloadOf(stored);
    const message = payload === undefined ? nameOf(stored) : messageId(payload);
    // One that came back with a restart was not counted again.
    const left = Math.max(0, (this.#copies.get(message) ?? 1) - 1);
    this.#copies.set(message, left);
    if (left > 0 || why !== "ack") return;
    const cluster = stored.subject.slice(-1) as ClusterId;
    const name = payload === undefined ? "undecodable" : message;
    const isDead = payload === undefined || this.#everDead.has(message);
    this.#tape.emit({ kind: "removed", message: name, cluster, how: isDead ? "deadLetter" : "ack" });
  }

  /** A death that is counted is written into the record of the message. */
  #recorded(message: string, data: Uint8Array): void {
    const { attempts = 0, deaths = [] } = JSON.parse(decode(data)) as {
      attempts?: number;
      deaths?: string[];
    };
    const before = this.#counted.get(message) ?? { attempts: 0, deaths: 0, atMs: 0 };
    this.#counted.set(message, { attempts, deaths: deaths.length, atMs: this.#time.nowMs });
    if (deaths.length === before.deaths) return;
    for (let at = before.attempts; at < attempts; at++) this.#tape.emit({ kind: "mark-found", message });
  }
}

/** A record of the adapter's. */
interface Counted {
  readonly attempts: number;
  readonly deaths: number;
  readonly atMs: number;
}

function payloadOf({ data }: StoredMessage): ReplayPayload | undefined {
  try {
    return decodePayload(data);
  } catch {
    return undefined;
  }
}

function nameOf({ seq }: StoredMessage): string {
  return `undecodable-${seq}`;
}
