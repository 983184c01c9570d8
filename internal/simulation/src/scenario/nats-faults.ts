import { LANES, type Lane } from "@helix/core";
import type { Random } from "./random.ts";

/** What the streams of a queue are for. */
export type StreamRole = "lanes" | "dead letters" | "records";

const ROLES: readonly StreamRole[] = ["lanes", "dead letters", "records"];

/** Why a stream refuses what is published: by the code of the server's API. */
export const REFUSALS = {
  full: { code: 503, err_code: 10077, description: "maximum bytes exceeded" },
  "no storage": { code: 503, err_code: 10023, description: "insufficient resources" },
  "no leader": { code: 503, err_code: 10008, description: "JetStream system temporarily unavailable" },
  "too large": { code: 400, err_code: 10054, description: "message size exceeds maximum allowed" },
} as const;

export type Refusal = keyof typeof REFUSALS;

/** What goes wrong with NATS, or with the connection of one process to it. */
export type NatsFault =
  /** The server ends, and starts again. `loses`: with it goes what was not on its disk, the last second of it. */
  | { readonly kind: "nats-restart"; readonly loses: boolean }
  /** One process's connection breaks; each end notices after its time, milliseconds. */
  | {
      readonly kind: "nats-cut";
      readonly process: number;
      readonly arrives: boolean;
      readonly clientNoticesMs: number;
      readonly serverNoticesMs: number;
    }
  /** There is no leader for some seconds, then another one, which knows of no pull. */
  | { readonly kind: "nats-leader" }
  /** This share of requests is lost, or their answers are. */
  | { readonly kind: "nats-loss"; readonly share: number }
  /** This share of requests is answered so much later. */
  | { readonly kind: "nats-late"; readonly share: number; readonly byMs: number }
  /** Everything takes so many times as long. */
  | { readonly kind: "nats-slowness"; readonly factor: number }
  /** This share of what is delivered is delivered to somebody else as well. */
  | { readonly kind: "nats-duplicates"; readonly share: number }
  /** What is published to a stream is refused. */
  | { readonly kind: "nats-refusals"; readonly role: StreamRole; readonly why: Refusal }
  /** What is known about messages cannot be read, or not be written. */
  | {
      readonly kind: "nats-records";
      /** `counts`: of the reads, those of single messages' records. */
      readonly what: "reads" | "counts" | "writes";
      readonly how: "no responders" | "lost" | "forbidden";
    }
  /** Somebody deletes a consumer; the work queue keeps what it has not acknowledged. */
  | { readonly kind: "nats-consumer-gone"; readonly lane: Lane }
  /** A pod is replaced in good order: it stops, closes, and another one starts. */
  | { readonly kind: "rolling-restart"; readonly pod: number; readonly graceMs: number };

export const NATS_KINDS: readonly NatsFault["kind"][] = [
  "nats-restart",
  "nats-cut",
  "nats-leader",
  "nats-loss",
  "nats-late",
  "nats-slowness",
  "nats-duplicates",
  "nats-refusals",
  "nats-records",
  "nats-consumer-gone",
  "rolling-restart",
];

export interface NatsShape {
  readonly apps: number;
  readonly pods: number;
}

type Draw = (random: Random, shape: NatsShape) => NatsFault;

export const NATS_FAULTS: readonly Draw[] = [
  (random) => ({ kind: "nats-restart", loses: random.chance(0.5) }),
  (random, { apps, pods }) => ({
    kind: "nats-cut",
    process: random.int(0, apps + pods - 1),
    arrives: random.chance(0.5),
    clientNoticesMs: random.pick([0, 5, 1000, 14_000]),
    serverNoticesMs: random.pick([0, 5, 14_000]),
  }),
  (random, { apps, pods }) => ({
    kind: "nats-cut",
    process: apps + random.int(0, pods - 1),
    arrives: random.chance(0.5),
    clientNoticesMs: random.pick([0, 5, 1000, 14_000]),
    serverNoticesMs: random.pick([0, 5, 14_000]),
  }),
  // The process goes on to believe that it is heard, while the server has given its messages to somebody else.
  (random, { apps, pods }) => ({
    kind: "nats-cut",
    process: apps + random.int(0, pods - 1),
    arrives: false,
    clientNoticesMs: 14_000,
    serverNoticesMs: 5,
  }),
  () => ({ kind: "nats-leader" }),
  (random) => ({ kind: "nats-loss", share: random.pick([0.05, 0.3]) }),
  (random) => ({ kind: "nats-late", share: random.pick([0.1, 0.5]), byMs: random.pick([500, 3000, 7000]) }),
  (random) => ({ kind: "nats-slowness", factor: random.pick([10, 100, 1000]) }),
  (random) => ({ kind: "nats-duplicates", share: random.pick([0.1, 0.5]) }),
  (random) => ({
    kind: "nats-refusals",
    role: random.pick(ROLES),
    why: random.pick(Object.keys(REFUSALS) as Refusal[]),
  }),
  (random) => ({
    kind: "nats-refusals",
    role: "dead letters",
    why: random.pick(["no leader", "too large"] as const),
  }),
  (random) => ({
    kind: "nats-records",
    what: random.pick(["reads", "counts", "counts", "writes"] as const),
    how: random.pick(["no responders", "lost", "forbidden"] as const),
  }),
  (random) => ({ kind: "nats-consumer-gone", lane: random.pick(LANES) }),
  (random, { pods }) => ({
    kind: "rolling-restart",
    pod: random.int(0, pods - 1),
    graceMs: random.pick([0, 100, 10_000]),
  }),
  (random, { pods }) => ({
    kind: "rolling-restart",
    pod: random.int(0, pods - 1),
    graceMs: random.pick([0, 100, 10_000]),
  }),
];

/** How a queue on NATS is set up. */
export interface NatsSetup {
  readonly version: string;
  /** From the server that clients are connected to, to the leader of streams and consumers. */
  readonly hopMs: number;
  readonly maxAckPending: number;
  readonly maxRequestBatch: number;
}

export function drawSetup(random: Random): NatsSetup {
  return {
    version: random.pick(["2.12.8", "2.15.1"]),
    hopMs: random.pick([0, 0, 0.5, 10]),
    maxAckPending: random.pick([10, 100, 1000]),
    maxRequestBatch: random.pick([10, 100]),
  };
}
