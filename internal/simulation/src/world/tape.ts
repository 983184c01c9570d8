import { createHash } from "node:crypto";
import type { ClusterId, Lane, Outcome, Priority, ReplayPayload } from "@helix/core";
import { describeFault, type Fault } from "../scenario/faults.ts";
import type { Write } from "../scenario/write.ts";
import type { VirtualTime } from "./virtual-time.ts";

/** What a worker's hand holds, as an observer knows it. */
export interface Delivery {
  /** Unique per delivery. */
  readonly number: number;
  readonly pod: string;
  readonly lane: Lane;
  readonly cluster: ClusterId;
  readonly priority: Priority;
  /** Id and life; `undecodable` for all that could not be decoded. */
  readonly message: string;
  /** What was written, as {@link Write} has it. */
  readonly identity: string | undefined;
  /** Those it writes, as `table/key`. */
  readonly rows: readonly string[];
  /** Undefined where it could not be decoded. */
  readonly payload: ReplayPayload | undefined;
  readonly attempts: number;
  readonly isHeld: boolean;
  readonly isExpired: boolean;
  readonly isSuspect: boolean;
  /** Whether by the clock of its process somebody else may have it by now. */
  readonly hasLapsed: () => boolean;
}

export type SettlementKind = "ack" | "release" | "deadLetter";

/** Everything that happens and that anybody could see; what the checks are told, and the trace is made of. */
export type SimEvent =
  | { readonly kind: "call"; readonly write: Write }
  | { readonly kind: "return"; readonly write: Write }
  /** After it had returned, an event said that a cluster missed it and the queue has not got it. */
  | { readonly kind: "told"; readonly write: Write }
  | { readonly kind: "apply"; readonly cluster: ClusterId; readonly identity: string }
  | {
      readonly kind: "enqueue";
      readonly message: string;
      readonly cluster: ClusterId;
      readonly identity: string;
      readonly result: string;
    }
  | { readonly kind: "deliver"; readonly delivery: Delivery }
  /** A worker has chosen it to be executed, and tells the queue. */
  | { readonly kind: "mark"; readonly delivery: Delivery }
  | { readonly kind: "start"; readonly delivery: Delivery }
  | {
      readonly kind: "end";
      readonly delivery: Delivery;
      readonly outcome: Outcome;
      readonly ignored: boolean;
      /** Its connection went before there was an answer. */
      readonly lostConnection: boolean;
      /** It was not sent, for its age. */
      readonly isTooOld: boolean;
      readonly startedAtMs: number;
    }
  | {
      readonly kind: "settle";
      readonly delivery: Delivery;
      readonly how: SettlementKind;
      readonly attempts?: number | undefined;
      readonly delayMs?: number | undefined;
      readonly reason?: string | undefined;
    }
  | {
      readonly kind: "settled";
      readonly delivery: Delivery;
      readonly how: SettlementKind;
      readonly error: string | undefined;
      readonly reason?: string | undefined;
    }
  | {
      readonly kind: "removed";
      readonly message: string;
      readonly cluster: ClusterId;
      readonly how: "ack" | "deadLetter";
    }
  | {
      readonly kind: "callback";
      readonly pod: string;
      readonly name: "onSuccess" | "onError" | "onDrop";
      readonly message: string;
    }
  | {
      readonly kind: "redrive";
      readonly from: string;
      readonly to: string;
      readonly cluster: ClusterId;
      readonly identity: string;
    }
  /** A worker has given up what it held for too long. */
  | { readonly kind: "lost"; readonly pod: string; readonly cluster: ClusterId; readonly message: string }
  /** The queue delivers a suspect whose execution was never heard of again, which counts. */
  | { readonly kind: "mark-found"; readonly message: string }
  /** Replay to a cluster is halted or goes on: in one process, or by the gate in all of them. */
  | {
      readonly kind: "halt";
      readonly by: "gate" | { readonly process: string };
      readonly cluster: ClusterId;
      readonly isOn: boolean;
    }
  /** Of a client, as its application hears of it. */
  | {
      readonly kind: "breaker";
      readonly process: string;
      readonly cluster: ClusterId;
      readonly isOpen: boolean;
    }
  /** Of a worker. */
  | {
      readonly kind: "worker-breaker";
      readonly pod: string;
      readonly cluster: ClusterId;
      readonly isOpen: boolean;
    }
  | { readonly kind: "died"; readonly process: string }
  /** A process ends in good order: it begins to, and has; how many messages the queue still takes to be in its hand. */
  | { readonly kind: "stopping"; readonly process: string }
  | { readonly kind: "closed"; readonly process: string; readonly held: number }
  /** A worker found that a lane stood still. */
  | { readonly kind: "reopened"; readonly process: string; readonly lane: Lane; readonly idleMs: number }
  | { readonly kind: "fault"; readonly fault: Fault; readonly isOn: boolean }
  /** A cluster ails, or does not any more; `isPartial`: it answers all the same, and most writes well. */
  | {
      readonly kind: "trouble";
      readonly cluster: ClusterId;
      readonly isPartial: boolean;
      readonly isOn: boolean;
    };

export interface Violation {
  readonly check: string;
  readonly text: string;
  readonly atMs: number;
}

/**
 * Where everything that happens is written down. Its hash says whether two runs were the same, byte for
 * byte; random ids are replaced by their order of appearance.
 */
export class Tape {
  readonly #time: VirtualTime;
  readonly #hash = createHash("sha256");
  readonly #names = new Map<string, string>();
  readonly #listeners: ((event: SimEvent) => void)[] = [];
  readonly lines: string[] | undefined;
  readonly violations: Violation[] = [];
  #chunk = "";

  constructor(time: VirtualTime, options: { keepLines: boolean }) {
    this.#time = time;
    this.lines = options.keepLines ? [] : undefined;
  }

  get nowMs(): number {
    return this.#time.nowMs;
  }

  listen(listener: (event: SimEvent) => void): void {
    this.#listeners.push(listener);
  }

  emit(event: SimEvent): void {
    this.#write(this.#describe(event));
    for (const listener of this.#listeners) listener(event);
  }

  violated(check: string, text: string): void {
    this.violations.push({ check, text, atMs: this.#time.nowMs });
    this.#write(`VIOLATION ${check}: ${text}`);
  }

  /** Ends the tape. */
  digest(): string {
    this.#hash.update(this.#chunk);
    return this.#hash.digest("hex").slice(0, 16);
  }

  /** The name of a message in the trace. */
  nameOf(message: string): string {
    const [id = "", life] = message.split(".");
    let name = this.#names.get(id);
    if (name === undefined) {
      name = `m${this.#names.size}${id.slice(-1)}`;
      this.#names.set(id, name);
    }
    return life === undefined ? name : `${name}.${life}`;
  }

  #write(text: string): void {
    const line = `${this.#time.nowMs.toFixed(3)} ${text}`;
    this.lines?.push(line);
    this.#chunk += `${line}\n`;
    if (this.#chunk.length > 16_384) {
      this.#hash.update(this.#chunk);
      this.#chunk = "";
    }
  }

  #describe(event: SimEvent): string {
    switch (event.kind) {
      case "call":
        return `call ${event.write.identity}`;
      case "return":
        return `return ${event.write.number} ${event.write.verdict}`;
      case "told":
        return `told ${event.write.number} ${event.write.verdict}`;
      case "apply":
        return `apply ${event.cluster} ${event.identity}`;
      case "enqueue":
        return `enqueue ${this.nameOf(event.message)} ${event.identity} ${event.result}`;
      case "deliver": {
        const { number, pod, lane, message, attempts, isSuspect } = event.delivery;
        return `deliver #${number} ${pod} ${lane} ${this.nameOf(message)} attempts=${attempts}${isSuspect ? " suspect" : ""}`;
      }
      case "mark":
        return `mark #${event.delivery.number} ${this.nameOf(event.delivery.message)}`;
      case "start":
        return `start #${event.delivery.number} ${this.nameOf(event.delivery.message)}`;
      case "end":
        return `end #${event.delivery.number} ${event.outcome}${event.ignored ? " ignored" : ""}`;
      case "settle":
        return `${event.how} #${event.delivery.number} ${this.nameOf(event.delivery.message)} attempts=${event.attempts} delay=${event.delayMs} ${event.reason ?? ""}`;
      case "settled":
        return `${event.how} #${event.delivery.number} ${event.error ?? "confirmed"}`;
      case "removed":
        return `removed ${this.nameOf(event.message)} ${event.how}`;
      case "callback":
        return `${event.name} ${event.pod} ${this.nameOf(event.message)}`;
      case "lost":
        return `lost ${event.pod} ${this.nameOf(event.message)}`;
      case "mark-found":
        return `mark found ${this.nameOf(event.message)}`;
      case "halt":
        return `halt ${event.by === "gate" ? "gate" : event.by.process} ${event.cluster} ${event.isOn ? "on" : "off"}`;
      case "redrive":
        return `redrive ${this.nameOf(event.from)}`;
      case "breaker":
        return `breaker ${event.process} ${event.cluster} ${event.isOpen ? "open" : "closed"}`;
      case "worker-breaker":
        return `worker's breaker ${event.pod} ${event.cluster} ${event.isOpen ? "open" : "closed"}`;
      case "died":
        return `died ${event.process}`;
      case "stopping":
        return `stopping ${event.process}`;
      case "closed":
        return `closed ${event.process} held=${event.held}`;
      case "reopened":
        return `reopened ${event.lane} of ${event.process} after ${event.idleMs.toFixed(0)} ms`;
      case "fault":
        return `${event.isOn ? "begin" : "end"} ${describeFault(event.fault)}`;
      case "trouble":
        return `${event.isPartial ? "partial" : "whole"} trouble of ${event.cluster} ${event.isOn ? "on" : "off"}`;
    }
  }
}
