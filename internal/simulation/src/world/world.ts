import {
  type ClientEvents,
  type ClusterId,
  EventHub,
  type GateState,
  isHelixError,
  type ReplayPayload,
  type ReplayQueue,
  StoredClusterGate,
} from "@helix/core";
import { MemoryReplayer } from "@helix/replayer-memory";
import { ModelCluster } from "../cluster/model-cluster.ts";
import { App, type Clusters, linksOf, type NodeOptions, workerOf } from "../cluster/nodes.ts";
import { DurableConnection } from "../queue/durable-connection.ts";
import { DurableQueue } from "../queue/durable-queue.ts";
import { type Connected, NatsQueue } from "../queue/nats-queue.ts";
import { WatchedQueue } from "../queue/watched-queue.ts";
import { Random } from "../scenario/random.ts";
import type { PlannedWrite, Scenario } from "../scenario/scenario.ts";
import type { Write } from "../scenario/write.ts";
import { DeadLetters } from "./dead-letters.ts";
import { Gates } from "./gates.ts";
import { RedriveJob } from "./redrive-job.ts";
import { type Seat, Seats } from "./seats.ts";
import type { SimProcess } from "./sim-process.ts";
import type { Delivery, Tape } from "./tape.ts";
import type { VirtualTime } from "./virtual-time.ts";

/** In which what was sent to the queue has arrived, where nothing is wrong with it. */
const ARRIVES_MS = 200;
/** From what a queue hears last of one lane until the server hears that it has ended: another lane may say nothing for 250 ms. */
const ENDS_MS = 350;
const START_LIMIT_MS = 10_000;

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
  readonly letters: DeadLetters;
  readonly gates: Gates;
  readonly #seats: Seats;
  readonly #random: Random;
  readonly #deliveries = new WeakMap<ReplayPayload, Delivery>();
  readonly #redriveJob: RedriveJob | undefined;
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
    const { mode, queueCapacity: capacity, deadLetterCapacity, leaseMs } = scenario;
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
    }
    this.#seats = new Seats({ scenario, time, tape, random, populate: (seat) => this.#populate(seat) });
    if (mode === "embedded") {
      this.memory = new MemoryReplayer({
        queueCapacity: capacity,
        deadLetterCapacity,
        highPriorityRatio: scenario.worker.highPriorityRatio,
        strictPriority: scenario.worker.strictPriority,
        clock: this.#seats.app(0).process.clock,
      });
    }
    const { durable, memory, nats } = this;
    this.letters = new DeadLetters({ durable, memory, nats, time, tape });
    const pods = () => this.#seats.all.filter(({ hasWorker }) => hasWorker);
    if (nats !== undefined) {
      const operated = () => nats.operated;
      this.#redriveJob = new RedriveJob({ operated, pods, time, tape, random: random.fork("job") });
    }
    const stored = () => this.#seats.all.map(({ gate }) => gate).filter((gate) => gate !== undefined);
    this.gates = new Gates({ nats, faults: scenario.faults, time, tape, stored });
  }

  /** Resolves when every process has begun; as much time passes as that takes. */
  async start(): Promise<void> {
    await this.nats?.setUp();
    const begun = Promise.all(this.#seats.all.map((seat) => this.#populate(seat)));
    await this.time.until(begun, START_LIMIT_MS);
  }

  /** Messages that are ready, delayed or in hand. */
  get pending(): number {
    return this.nats?.pending ?? this.durable?.size ?? this.memory?.length ?? 0;
  }

  /** Writes that have returned, and of which a cluster has not answered. */
  get inBackground(): number {
    return this.#seats.all.reduce((sum, { app }) => sum + (app?.inBackground ?? 0), 0);
  }

  /** By more than a minute: a pod that reads it lets nothing expire. */
  get isAClockWrong(): boolean {
    return this.#seats.all.some(({ process }) => Math.abs(process.skewMs) > 60_000);
  }

  /**
   * A person has cured what was wrong with the poison, corrects the clocks, by which all would expire at once,
   * and puts back as many dead letters as there is room for. Resolves with how many are left that could be put back.
   */
  async cure(): Promise<number> {
    for (const cluster of Object.values(this.clusters)) cluster.poison.clear();
    for (const { process } of this.#seats.all) process.correctClock();
    // Half of all people do it one by one.
    if (this.scenario.seed % 2 === 0) await this.#redriveJob?.run();
    if (this.nats?.isStuck === true) {
      await this.nats.enlargeLanes();
      this.#restartUnready();
    }
    const { redriven, left } = await this.letters.redrive();
    // Those that are full of what cannot go back hold up what is to follow: the queue is full too, or it is garbage.
    if (redriven === 0) {
      this.durable?.enlargeDeadLetters();
      await this.nats?.enlargeDeadLetters();
      this.#restartUnready();
    }
    return left;
  }

  /** One that was never ready by what it was told before needs to be told anew. */
  #restartUnready(): void {
    for (const { process, connected } of this.#seats.all) if (connected?.isReady() === false) process.die();
  }

  write(planned: PlannedWrite): void {
    void this.#seats.app(planned.app).app?.write(planned, this.writes.at(-1)?.timestamp);
  }

  /** The processes, applications first; in one alone both are the same. */
  processAt(index: number): SimProcess {
    return this.#seats.app(index).process;
  }

  podProcess(index: number): SimProcess {
    return this.#seats.pod(index).process;
  }

  async stopWorker(pod: number, graceMs: number): Promise<void> {
    const seat = this.#seats.pod(pod);
    seat.isStopped = true;
    await seat.worker?.stop({ graceMs });
  }

  async startWorker(pod: number): Promise<void> {
    const seat = this.#seats.pod(pod);
    seat.isStopped = false;
    await seat.worker?.start();
  }

  /** The connection of one process to the queue breaks. */
  cut(index: number, how: Parameters<Connected["connection"]["cut"]>[0]): void {
    this.#seats.all[index]?.connected?.connection.cut(how);
  }

  /** A pod stops and closes in good order, and another one takes its place. */
  async replacePod(pod: number, graceMs: number): Promise<void> {
    const seat = this.#seats.pod(pod);
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
    const seat = this.#seats.pod(pod);
    const halt = (isOn: boolean) => {
      if (seat.worker === undefined) return;
      if (isOn) seat.worker.pause(cluster, "a fault");
      else seat.worker.resume(cluster);
      this.tape.emit({ kind: "halt", by: { process: seat.process.name }, cluster, isOn });
    };
    halt(true);
    return () => halt(false);
  }

  /** What a process takes for a cluster's gate; undefined if it is gone, or has none of its own. */
  gateOf(process: string, cluster: ClusterId): GateState | undefined {
    return this.#seats.all.find((seat) => seat.process.name === process)?.gate?.state(cluster);
  }

  /** Resolves when no worker has anything left, and every queue is closed. */
  async stopAll(): Promise<void> {
    await Promise.all(
      this.#seats.all.map(async ({ worker, connected }) => {
        await worker?.stop({ graceMs: 1000 });
        await connected?.close();
      }),
    );
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
    if (seat.connected !== undefined && this.gates.isUsed)
      seat.gate = new StoredClusterGate({ store: seat.connected.control, clock: process.clock });
    const gate = seat.gate ?? this.gates.local;
    if (seat.hasApp) seat.app = new App({ ...node, replayer: queue, gate }, links, events);
    if (!seat.hasWorker) return;
    seat.worker = workerOf({ ...node, queue, deliveries: this.#deliveries, gate }, links, events);
    if (!seat.isStopped) void seat.worker.start();
    this.#redriveJob?.began(seat);
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
}
