import { decodeContent, decodePayload, encodePayload } from "@helix/codec";
import {
  CLUSTERS,
  type ClientEvents,
  type ClusterId,
  type DeadLetter,
  type DeadLetterReason,
  EventHub,
  type GateState,
  isHelixError,
  LocalClusterGate,
  messageId,
  type ReplayPayload,
  type ReplayQueue,
  StoredClusterGate,
} from "@helix/core";
import { redriven } from "@helix/core/queue-kit";
import { MemoryReplayer } from "@helix/replayer-memory";
import type { ReplayWorker } from "@helix/worker";
import { ModelCluster } from "../cluster/model-cluster.ts";
import { App, type Clusters, linksOf, type NodeOptions, workerOf } from "../cluster/nodes.ts";
import { DurableConnection } from "../queue/durable-connection.ts";
import { DurableQueue } from "../queue/durable-queue.ts";
import { type Connected, NatsQueue } from "../queue/nats-queue.ts";
import { payloadIdentity, WatchedQueue } from "../queue/watched-queue.ts";
import { Random } from "../scenario/random.ts";
import type { PlannedWrite, Scenario } from "../scenario/scenario.ts";
import type { Write } from "../scenario/write.ts";
import { SimProcess } from "./sim-process.ts";
import type { Delivery, Tape } from "./tape.ts";
import { START_MS, type VirtualTime } from "./virtual-time.ts";

const RESPAWN_MS = 500;
const GATES_LOOK_MS = 10_000;
const MAX_SKEW_MS = 200;
/** In which what was sent to the queue has arrived, where nothing is wrong with it. */
const ARRIVES_MS = 200;
/** From what a queue hears last of one lane until the server hears that it has ended: another lane may say nothing for 250 ms. */
const ENDS_MS = 350;
const START_LIMIT_MS = 10_000;

/** A place for a process: an application, a worker, or both. One that dies is replaced. */
interface Seat {
  readonly name: string;
  readonly hasApp: boolean;
  readonly hasWorker: boolean;
  generation: number;
  process: SimProcess;
  app?: App;
  worker?: ReplayWorker;
  /** To NATS, if that is the queue. */
  connected?: Connected;
  /** Over its control store. */
  gate?: StoredClusterGate;
  /** Stopped on purpose; a new process of the seat is not started either. */
  isStopped: boolean;
}

/** A message that is out of its lane. */
export interface DeadMessage {
  readonly message: string;
  readonly reason: DeadLetterReason;
  readonly attempts: number;
  readonly identity: string | undefined;
}

/** The whole simulated system: clusters, queue, and the processes of production code between them. */
export class World {
  readonly scenario: Scenario;
  readonly time: VirtualTime;
  readonly tape: Tape;
  readonly clusters: Clusters;
  readonly writes: Write[] = [];
  readonly durable: DurableQueue | undefined;
  readonly memory: MemoryReplayer | undefined;
  readonly nats: NatsQueue | undefined;
  /** Of all processes, where the queue is not NATS, or while nobody gives orders. */
  readonly #gate = new LocalClusterGate();
  #orders = Promise.resolve();
  /** Faults of the gates that are still to end. */
  #ordersLeft: number;
  readonly #seats: Seat[];
  readonly #random: Random;
  readonly #deliveries = new WeakMap<ReplayPayload, Delivery>();
  readonly #counter = { deliveries: 0 };

  constructor(scenario: Scenario, time: VirtualTime, tape: Tape) {
    this.scenario = scenario;
    this.time = time;
    this.tape = tape;
    const random = new Random(`world ${scenario.seed}`);
    this.#random = random;
    this.clusters = {
      A: new ModelCluster("A", time, random.fork("A"), tape, scenario.graceSeconds),
      B: new ModelCluster("B", time, random.fork("B"), tape, scenario.graceSeconds),
    };
    tape.listen((event) => {
      if (event.kind === "call") this.writes.push(event.write);
    });
    this.#ordersLeft = scenario.faults.filter(({ kind }) => kind === "gate").length;
    const { mode, apps, pods, queueCapacity: capacity, deadLetterCapacity, leaseMs } = scenario;
    if (mode === "service") {
      if (scenario.queue === "nats") {
        this.nats = new NatsQueue(scenario, time, random.fork("queue"), tape);
      } else {
        this.durable = new DurableQueue(
          { leaseMs, capacity, deadLetterCapacity },
          time,
          random.fork("queue"),
          tape,
        );
      }
      this.#seats = [
        ...Array.from({ length: apps }, (_, index) => this.#seat(`app${index}`, true, false)),
        ...Array.from({ length: pods }, (_, index) => this.#seat(`pod${index}`, false, true)),
      ];
    } else {
      const seat = this.#seat("embedded", true, true);
      this.memory = new MemoryReplayer({
        queueCapacity: capacity,
        deadLetterCapacity,
        highPriorityRatio: scenario.worker.highPriorityRatio,
        strictPriority: scenario.worker.strictPriority,
        clock: seat.process.clock,
      });
      this.#seats = [seat];
    }
  }

  /** Resolves when every process has begun; as much time passes as that takes. */
  async start(): Promise<void> {
    await this.nats?.setUp();
    const begun = Promise.all(this.#seats.map((seat) => this.#populate(seat)));
    await this.time.until(begun, START_LIMIT_MS);
  }

  /** Messages that are ready, delayed or in hand. */
  get pending(): number {
    return this.nats?.pending ?? this.durable?.size ?? this.memory?.length ?? 0;
  }

  /** Writes that have returned, and of which a cluster has not answered. */
  get inBackground(): number {
    return this.#seats.reduce((sum, { app }) => sum + (app?.inBackground ?? 0), 0);
  }

  async dead(): Promise<DeadMessage[]> {
    if (this.durable !== undefined) {
      return [...this.durable.dead.values()].map(({ stored, cause }) => ({
        message: stored.message,
        reason: cause.reason,
        attempts: cause.attempts ?? stored.attempts,
        identity: identityIn(stored.bytes),
      }));
    }
    const letters = await this.#letters();
    return letters.map(({ id, reason, attempts, content }) => ({
      message: id,
      reason,
      attempts,
      identity: content.ok ? payloadIdentity(content.payload) : undefined,
    }));
  }

  /** By more than a minute: a pod that reads it lets nothing expire. */
  get isAClockWrong(): boolean {
    return this.#seats.some(({ process }) => Math.abs(process.skewMs) > 60_000);
  }

  /**
   * A person has cured what was wrong with the poison, corrects the clocks, by which all would expire at once,
   * and puts back as many dead letters as there is room for. Resolves with how many are left that could be put back.
   */
  async cure(): Promise<number> {
    for (const cluster of Object.values(this.clusters)) cluster.poison.clear();
    for (const { process } of this.#seats) process.correctClock();
    let left = 0;
    let redriven = 0;
    for (const redrive of this.#redrives(await this.#letters())) {
      try {
        await redrive();
        redriven++;
      } catch (error) {
        if (!isHelixError(error, "HELIX_QUEUE_FULL")) throw error;
        left++;
      }
    }
    // Those that are full of what cannot go back hold up what is to follow: the queue is full too, or it is garbage.
    if (redriven === 0) {
      this.durable?.enlargeDeadLetters();
      await this.nats?.enlargeDeadLetters();
      // One that was never ready by what it was told before needs to be told anew.
      for (const { process, connected } of this.#seats) if (connected?.isReady() === false) process.die();
    }
    return left;
  }

  write(planned: PlannedWrite): void {
    void this.#seatAt(planned.app).app?.write(planned, this.writes.at(-1)?.timestamp);
  }

  /** The processes, applications first; in one alone both are the same. */
  processAt(index: number): SimProcess {
    return (this.#seats[index] ?? this.#lastSeat()).process;
  }

  appProcess(index: number): SimProcess {
    return this.#seatAt(index).process;
  }

  podProcess(index: number): SimProcess {
    return this.#podSeat(index).process;
  }

  async stopWorker(pod: number, graceMs: number): Promise<void> {
    const seat = this.#podSeat(pod);
    seat.isStopped = true;
    await seat.worker?.stop({ graceMs });
  }

  async startWorker(pod: number): Promise<void> {
    const seat = this.#podSeat(pod);
    seat.isStopped = false;
    await seat.worker?.start();
  }

  /** The connection of one process to the queue breaks. */
  cut(index: number, how: Parameters<Connected["connection"]["cut"]>[0]): void {
    this.#seats[index]?.connected?.connection.cut(how);
  }

  /** A pod stops and closes in good order, and another one takes its place. */
  async replacePod(pod: number, graceMs: number): Promise<void> {
    const seat = this.#podSeat(pod);
    const { process, worker, connected } = seat;
    if (seat.isStopped || worker === undefined || connected === undefined) return;
    this.tape.emit({ kind: "stopping", process: process.name });
    await worker.stop({ graceMs });
    await connected.close();
    await connected.connection.close();
    if (!process.isAlive) return;
    process.die();
    this.time.schedule(() => {
      // What is stored, or handed back by others, while a server hears of the end may still be sent to nobody.
      const held = this.nats?.heldBy(connected.connection, ARRIVES_MS + ENDS_MS) ?? 0;
      this.tape.emit({ kind: "closed", process: process.name, held });
    }, ARRIVES_MS);
  }

  /** A person pauses one worker, if it is there; returns what resumes whichever is then in its place. */
  pause(pod: number, cluster: ClusterId): () => void {
    const seat = this.#podSeat(pod);
    const halt = (isOn: boolean) => {
      if (seat.worker === undefined) return;
      if (isOn) seat.worker.pause(cluster, "a fault");
      else seat.worker.resume(cluster);
      this.tape.emit({ kind: "halt", by: { process: seat.process.name }, cluster, isOn });
    };
    halt(true);
    return () => halt(false);
  }

  /** For all workers: where the queue is NATS, by an order in the control store, one after the other. */
  setGate(cluster: ClusterId, state: GateState): void {
    const { nats } = this;
    const tell = (isOn: boolean) => this.tape.emit({ kind: "halt", by: "gate", cluster, isOn });
    if (nats === undefined) {
      this.#gate.set(cluster, state);
      tell(state !== "open");
      return;
    }
    this.#orders = this.#orders.then(async () => {
      // Some see it before the person knows that it is stored.
      if (state === "open") tell(false);
      const isTaken = await nats.order(cluster, state).then(
        () => true,
        () => false,
      );
      if (state !== "open" && isTaken) tell(true);
      if (state === "open" && --this.#ordersLeft === 0) this.#closeGates();
    });
  }

  /** Each that has seen that all is open: hours of rest would be looks at what nobody changes. */
  #closeGates(): void {
    const gates = this.#seats.map(({ gate }) => gate).filter((gate) => gate !== undefined);
    const isOpen = (gate: StoredClusterGate) => CLUSTERS.every((cluster) => gate.state(cluster) === "open");
    for (const gate of gates) if (isOpen(gate)) gate.close();
    if (!gates.every(isOpen)) this.time.schedule(() => this.#closeGates(), GATES_LOOK_MS);
  }

  /** What a process takes for a cluster's gate; undefined if it is gone, or has none of its own. */
  gateOf(process: string, cluster: ClusterId): GateState | undefined {
    return this.#seats.find((seat) => seat.process.name === process)?.gate?.state(cluster);
  }

  /** Resolves when no worker has anything left, and every queue is closed. */
  async stopAll(): Promise<void> {
    await Promise.all(
      this.#seats.map(async ({ worker, connected }) => {
        await worker?.stop({ graceMs: 1000 });
        await connected?.close();
      }),
    );
  }

  async #letters(): Promise<readonly DeadLetter[]> {
    return this.nats?.dead() ?? (await this.memory?.deadLetters.list({ limit: 1_000_000 })) ?? [];
  }

  *#redrives(letters: readonly DeadLetter[]): Generator<() => Promise<void>> {
    for (const { id, content, reason } of letters) {
      if (!content.ok) continue;
      // Here no delete was forgotten meanwhile.
      const options = { force: reason === "too-old" };
      yield async () => {
        // Seen where it is stored.
        if (this.nats !== undefined) return this.nats.redrive(id, options);
        await this.memory?.deadLetters.redrive(id, options);
        this.#redriven(id, content.payload);
      };
    }
    const { durable } = this;
    for (const [message, { stored, cause }] of [...(durable?.dead ?? [])]) {
      const content = decodeContent(stored.bytes, stored.lane);
      if (!content.ok) continue;
      const letter = { id: message, reason: cause.reason, content };
      yield async () => {
        const nowMs = START_MS + Math.floor(this.time.nowMs);
        const again = redriven(letter, { force: cause.reason === "too-old" }, nowMs);
        durable?.publish(stored.lane, messageId(again), encodePayload(again));
        durable?.dead.delete(message);
        this.#redriven(message, content.payload);
      };
    }
  }

  #redriven(from: string, payload: ReplayPayload): void {
    const to = messageId({ ...payload, life: payload.life + 1 });
    const identity = payloadIdentity(payload);
    this.tape.emit({ kind: "redrive", from, to, cluster: payload.targetCluster, identity });
  }

  #seat(name: string, hasApp: boolean, hasWorker: boolean): Seat {
    const seat: Omit<Seat, "process"> & { process?: SimProcess } = {
      name,
      hasApp,
      hasWorker,
      generation: 0,
      isStopped: false,
    };
    seat.process = this.#process(seat as Seat);
    return seat as Seat;
  }

  #process(seat: Seat): SimProcess {
    return new SimProcess(`${seat.name}.${seat.generation}`, this.time, {
      skewMs: this.#random.int(-MAX_SKEW_MS, MAX_SKEW_MS),
      onDeath: (process) => this.#died(seat, process),
    });
  }

  #died(seat: Seat, process: SimProcess): void {
    this.tape.emit({ kind: "died", process: process.name });
    seat.app?.died();
    seat.connected?.connection.died();
    delete seat.app;
    delete seat.worker;
    delete seat.connected;
    delete seat.gate;
    this.time.schedule(() => {
      seat.generation++;
      seat.process = this.#process(seat);
      void this.#populate(seat);
    }, RESPAWN_MS);
  }

  async #populate(seat: Seat): Promise<void> {
    const { scenario, clusters, tape } = this;
    const { process } = seat;
    const random = this.#random.fork(process.name);
    const node: NodeOptions = { scenario, process, clusters, random, tape };
    const queue =
      this.nats === undefined ? this.#queueFor(process, random) : await this.#natsFor(seat, random);
    if (queue === undefined) return;
    const events = new EventHub<ClientEvents>();
    const breaker = (cluster: ClusterId, isOpen: boolean) => {
      if (process.isAlive) tape.emit({ kind: "breaker", process: process.name, cluster, isOpen });
    };
    events.on("cluster:breaker:opened", ({ cluster }) => breaker(cluster, true));
    events.on("cluster:breaker:closed", ({ cluster }) => breaker(cluster, false));
    const links = linksOf(node, events);
    links.start();
    if (seat.connected !== undefined && this.#ordersLeft > 0)
      seat.gate = new StoredClusterGate({ store: seat.connected.control, clock: process.clock });
    const gate = seat.gate ?? this.#gate;
    if (seat.hasApp) seat.app = new App({ ...node, replayer: queue, gate }, links, events);
    if (!seat.hasWorker) return;
    seat.worker = workerOf({ ...node, queue, deliveries: this.#deliveries, gate }, links, events);
    if (!seat.isStopped) void seat.worker.start();
  }

  /** Undefined: the process has died in the meantime, or since it could not begin. */
  async #natsFor(seat: Seat, random: Random): Promise<ReplayQueue | undefined> {
    const { process } = seat;
    const changes = this.nats?.changes;
    try {
      const connected = await (seat.hasWorker
        ? this.nats?.connectPod(process, random)
        : this.nats?.connectApp(process, random));
      if (connected === undefined || !process.isAlive) return undefined;
      seat.connected = connected;
      return new WatchedQueue(connected.queue, this.#watched(process));
    } catch (error) {
      // A right that is missing for a moment ends a process that begins then, and so do options that are not those of a person who
      // has changed the streams since. It is started again.
      const isOutdated = isHelixError(error, "HELIX_TOPOLOGY_DRIFT") && this.nats?.changes !== changes;
      if (!isOutdated && !isHelixError(error, "HELIX_QUEUE_UNAUTHORIZED"))
        this.tape.violated("start", `${process.name} ends as it begins: ${String(error)}`);
      process.die();
      return undefined;
    }
  }

  #watched(process: SimProcess) {
    return { process, tape: this.tape, deliveries: this.#deliveries, counter: this.#counter };
  }

  #queueFor(process: SimProcess, random: Random): ReplayQueue {
    const watched = this.#watched(process);
    if (this.durable !== undefined) {
      const { maxAgeMs } = this.scenario;
      const connection = new DurableConnection(this.durable, process, random.fork("queue"), maxAgeMs);
      return new WatchedQueue(connection, watched);
    }
    if (this.memory === undefined) throw new Error("There is no queue");
    return new WatchedQueue(this.memory, {
      ...watched,
      onRemoved: ({ message, cluster }, how) => this.tape.emit({ kind: "removed", message, cluster, how }),
    });
  }

  #seatAt(index: number): Seat {
    return this.#seats[index] ?? this.#lastSeat();
  }

  #podSeat(pod: number): Seat {
    return this.#seats.filter(({ hasWorker }) => hasWorker)[pod] ?? this.#lastSeat();
  }

  #lastSeat(): Seat {
    const seat = this.#seats.at(-1);
    if (seat === undefined) throw new Error("A world without processes");
    return seat;
  }
}

function identityIn(bytes: Uint8Array): string | undefined {
  try {
    return payloadIdentity(decodePayload(bytes));
  } catch {
    return undefined;
  }
}
