import {
  CLUSTERS,
  type ClusterId,
  type GateState,
  LocalClusterGate,
  type StoredClusterGate,
} from "@helix/core";
import type { NatsQueue } from "../queue/nats-queue.ts";
import type { Fault } from "../scenario/faults.ts";
import type { Tape } from "./tape.ts";
import type { VirtualTime } from "./virtual-time.ts";

const LOOK_MS = 10_000;

export interface GatesOptions {
  readonly nats: NatsQueue | undefined;
  readonly faults: readonly Fault[];
  readonly time: VirtualTime;
  readonly tape: Tape;
  /** What the processes have that read their orders from the control store. */
  readonly stored: () => readonly StoredClusterGate[];
}

/** What people order for the clusters: in the control store where the queue is NATS, else for all processes at once. */
export class Gates {
  /** Of all processes, where the queue is not NATS, or while nobody gives orders. */
  readonly local = new LocalClusterGate();
  readonly #options: GatesOptions;
  #orders = Promise.resolve();
  /** Faults of the gates that are still to end. */
  #left: number;

  constructor(options: GatesOptions) {
    this.#options = options;
    this.#left = options.faults.filter(({ kind }) => kind === "gate").length;
  }

  /** Whether orders are given, or still to come. */
  get isUsed(): boolean {
    return this.#left > 0;
  }

  /** For all workers: where the queue is NATS, one order after the other. */
  set(cluster: ClusterId, state: GateState): void {
    const { nats, tape } = this.#options;
    const tell = (isOn: boolean) => tape.emit({ kind: "halt", by: "gate", cluster, isOn });
    if (nats === undefined) {
      this.local.set(cluster, state);
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
      if (state === "open" && --this.#left === 0) this.#closeAll();
    });
  }

  /** Each that has seen that all is open: hours of rest would be looks at what nobody changes. */
  #closeAll(): void {
    const { stored, time } = this.#options;
    const isOpen = (gate: StoredClusterGate) => CLUSTERS.every((cluster) => gate.state(cluster) === "open");
    const gates = stored();
    for (const gate of gates) if (isOpen(gate)) gate.close();
    if (!gates.every(isOpen)) time.schedule(() => this.#closeAll(), LOOK_MS);
  }
}
