import type { StoredClusterGate } from "@helix/core";
import type { ReplayWorker } from "@helix/worker";
import type { App } from "../cluster/nodes.ts";
import type { Connected } from "../queue/nats-queue.ts";
import type { Random } from "../scenario/random.ts";
import type { Scenario } from "../scenario/scenario.ts";
import { SimProcess } from "./sim-process.ts";
import type { Tape } from "./tape.ts";
import type { VirtualTime } from "./virtual-time.ts";

const RESPAWN_MS = 500;
const MAX_SKEW_MS = 200;

/** A place for a process: an application, a worker, or both. One that dies is replaced. */
export interface Seat {
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

export interface SeatsOptions {
  readonly scenario: Scenario;
  readonly time: VirtualTime;
  readonly tape: Tape;
  readonly random: Random;
  /** Begins what is to run in a process that has just been made. */
  readonly populate: (seat: Seat) => Promise<void>;
}

/** The processes that there are to be, applications first. */
export class Seats {
  readonly all: readonly Seat[];
  readonly #options: SeatsOptions;

  constructor(options: SeatsOptions) {
    this.#options = options;
    const { mode, apps, pods } = options.scenario;
    this.all =
      mode === "embedded"
        ? [this.#seat("embedded", true, true)]
        : [
            ...Array.from({ length: apps }, (_, index) => this.#seat(`app${index}`, true, false)),
            ...Array.from({ length: pods }, (_, index) => this.#seat(`pod${index}`, false, true)),
          ];
  }

  /** In one process alone that is also the pod. */
  app(index: number): Seat {
    return this.all[index] ?? this.#last;
  }

  pod(index: number): Seat {
    return this.all.filter(({ hasWorker }) => hasWorker)[index] ?? this.#last;
  }

  get #last(): Seat {
    const seat = this.all.at(-1);
    if (seat === undefined) throw new Error("A world without processes");
    return seat;
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
    const { time, random } = this.#options;
    return new SimProcess(`${seat.name}.${seat.generation}`, time, {
      skewMs: random.int(-MAX_SKEW_MS, MAX_SKEW_MS),
      onDeath: (process) => this.#died(seat, process),
    });
  }

  #died(seat: Seat, process: SimProcess): void {
    const { time, tape, populate } = this.#options;
    tape.emit({ kind: "died", process: process.name });
    seat.app?.died();
    seat.connected?.connection.died();
    delete seat.app;
    delete seat.worker;
    delete seat.connected;
    delete seat.gate;
    time.schedule(() => {
      seat.generation++;
      seat.process = this.#process(seat);
      void populate(seat);
    }, RESPAWN_MS);
  }
}
