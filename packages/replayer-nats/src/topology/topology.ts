import { LANES, type Lane, TRASH_MAX_AGE_MS } from "@helix/core";
import type { ConsumerConfig, StreamConfig } from "@nats-io/jetstream";
import { isAtLeast } from "../connection/server-version.ts";
import type { TopologyDifference } from "../errors.ts";
import type { TopologySettings } from "../options.ts";
import {
  clusterSubject,
  consumerOf,
  controlSubject,
  deadLetterSubjects,
  laneSubjects,
  laneWildcard,
  type Names,
  subjectOf,
  trashSubjects,
} from "./names.ts";

const MS = 1_000_000;
/** In which the server recognises a message id. A retry must come within it. */
const DUPLICATE_WINDOW_MS = 120_000;
/** Added to `maxAckPending` for messages in backoff, which count against the server's limit and must not stop a lane. */
const ROOM_FOR_DELAYED = 100_000;
const DAY_MS = 86_400_000;

export interface WantedStream {
  readonly kind: "stream";
  readonly name: string;
  /** What an older version wrote there, which serves all the same. */
  readonly subjectsBefore?: readonly string[];
  /** Whoever may make nothing does without it: an older version has not made it. */
  readonly mayBeAbsent?: boolean;
  readonly config: Partial<StreamConfig> & { name: string };
}

/** A stream or consumer as it should be: only the fields that matter; the server fills in the others. */
export type Wanted =
  | WantedStream
  | {
      readonly kind: "consumer";
      readonly name: string;
      readonly stream: string;
      readonly config: Partial<ConsumerConfig> & { durable_name: string };
    };

/**
 * What a queue needs on the server, in the order in which it is made: what applications fill comes last, so that they cannot
 * while no worker can begin.
 */
export function wantedTopology(
  names: Names,
  settings: TopologySettings,
  serverVersion: string | undefined,
): readonly Wanted[] {
  const own = [
    recordBucket(names, settings),
    clusterBucket(names, settings),
    controlBucket(names, settings),
    deadLetterStream(names, settings),
    trashStream(names, settings),
  ];
  if (settings.adoptGoStream) return own;
  return [
    ...own,
    laneStream(names, settings, serverVersion),
    ...LANES.map((lane) => laneConsumer(names, settings, lane)),
  ];
}

/**
 * What a process of the Go library cannot undo: it rewrites the whole stream at each of its starts, and fails if the server
 * refuses. Message TTLs can never be disabled again (tried on 2.12.8 and 2.15.1, where `max_consumers` has become
 * changeable); older servers do not know them, and keep `max_consumers` for good. No message of ours has a TTL.
 */
function lockOf(serverVersion: string | undefined): Partial<StreamConfig> {
  return isAtLeast(serverVersion, [2, 11, 0]) ? { allow_msg_ttl: true } : { max_consumers: LANES.length };
}

function laneStream(names: Names, settings: TopologySettings, serverVersion: string | undefined): Wanted {
  const { maxMsgs, maxBytes, replicas } = settings;
  return {
    kind: "stream",
    name: names.stream,
    subjectsBefore: [laneWildcard(names)],
    config: {
      name: names.stream,
      description: "Helix replay: failed writes, one subject per priority and cluster",
      subjects: laneSubjects(names),
      retention: "workqueue",
      storage: "file",
      // Full means refused. `old` would evict what was acknowledged to its writer.
      discard: "new",
      discard_new_per_subject: true,
      max_msgs: maxMsgs,
      // So that the outage of one cluster leaves the other its half.
      max_msgs_per_subject: Math.max(1, Math.floor(maxMsgs / 2)),
      max_bytes: maxBytes,
      // The server deletes what is too old without a word; retention is kept by the queue.
      max_age: 0,
      num_replicas: replicas,
      duplicate_window: DUPLICATE_WINDOW_MS * MS,
      ...lockOf(serverVersion),
      allow_direct: true,
    },
  };
}

function deadLetterStream(names: Names, settings: TopologySettings): Wanted {
  const { now, before } = deadLetterSubjects(names);
  return {
    ...letterStream(settings, {
      name: names.dead.name,
      description: "Helix replay: dead letters, kept until they are redriven or discarded",
      subjects: now,
      max_age: 0,
    }),
    subjectsBefore: before,
  };
}

/** As large as the dead letters, all of which may be discarded. */
function trashStream(names: Names, settings: TopologySettings): Wanted {
  return {
    ...letterStream(settings, {
      name: names.trash.name,
      description: "Helix replay: what was discarded, until it is restored or too old",
      subjects: trashSubjects(names),
      max_age: TRASH_MAX_AGE_MS * MS,
      max_msgs_per_subject: 1,
    }),
    mayBeAbsent: true,
  };
}

function letterStream(
  { replicas, maxBytes, maxDeadLetters }: TopologySettings,
  own: Partial<StreamConfig> & { name: string },
): WantedStream {
  return {
    kind: "stream",
    name: own.name,
    config: {
      retention: "limits",
      storage: "file",
      discard: "new",
      max_msgs: maxDeadLetters,
      max_bytes: maxBytes,
      num_replicas: replicas,
      allow_direct: true,
      ...own,
    },
  };
}

function recordBucket(names: Names, { replicas, maxAgeMs }: TopologySettings): Wanted {
  return bucket(replicas, {
    name: names.bucketStream,
    description: "Helix replay: counted failures of messages, and discards",
    subjects: [`$KV.${names.bucket}.>`],
    // A record lives longer than its message; if it did not, only a count would be lost.
    max_age: (maxAgeMs + DAY_MS) * MS,
  });
}

/** Of one record that never ages out: it says which clusters the lanes are for. */
function clusterBucket(names: Names, { replicas }: TopologySettings): Wanted {
  return bucket(replicas, {
    name: names.clusterStream,
    description: "Helix replay: which clusters the lanes are for",
    subjects: [clusterSubject(names)],
    max_bytes: 1024 ** 2,
  });
}

/** Of documents without an age: an order holds until another one. Some hundred jobs and pods fit many times over. */
function controlBucket(names: Names, { replicas }: TopologySettings): Wanted {
  return bucket(replicas, {
    name: names.controlStream,
    description: "Helix replay: what pods, clients and people agree on",
    subjects: [controlSubject(names, ">")],
    max_bytes: 16 * 1024 ** 2,
  });
}

/** A key-value bucket, by the rules of its specification (NATS ADR-8). */
function bucket(replicas: number, own: Partial<StreamConfig> & { name: string }): Wanted {
  return {
    kind: "stream",
    name: own.name,
    config: {
      retention: "limits",
      storage: "file",
      discard: "new",
      max_msgs_per_subject: 1,
      num_replicas: replicas,
      allow_rollup_hdrs: true,
      deny_delete: true,
      allow_direct: true,
      ...own,
    },
  };
}

function laneConsumer(names: Names, settings: TopologySettings, lane: Lane): Wanted {
  const { ackWaitMs, maxAckPending, maxRequestBatch } = settings;
  const name = consumerOf(lane);
  return {
    kind: "consumer",
    name,
    stream: names.stream,
    config: {
      durable_name: name,
      filter_subject: subjectOf(names, lane),
      ack_policy: "explicit",
      ack_wait: ackWaitMs * MS,
      deliver_policy: "all",
      replay_policy: "instant",
      // The server would leave a message that has used up its deliveries in the stream, undeliverable for ever.
      max_deliver: -1,
      max_ack_pending: maxAckPending + ROOM_FOR_DELAYED,
      max_batch: maxRequestBatch,
      max_waiting: 512,
    },
  };
}

/** Every field of `wanted` that is not so on the server. */
export function differencesOf(
  wanted: Wanted,
  actual: Readonly<Record<string, unknown>>,
): TopologyDifference[] {
  const object = `${wanted.kind} ${wanted.name}`;
  return Object.entries(wanted.config)
    .filter(([field, expected]) => !isSame(expected, actual[field]))
    .map(([field, expected]) => ({ object, field, expected, actual: actual[field] }));
}

/** Whether a stream has the wildcard that an older version gave it. It serves pods of both versions. */
export function isAsBefore(wanted: Wanted, { field, actual }: TopologyDifference): boolean {
  return wanted.kind === "stream" && field === "subjects" && isSame(wanted.subjectsBefore, actual);
}

/** The server leaves out what is false or zero, and -1 is no limit. */
function isSame(expected: unknown, actual: unknown): boolean {
  if (actual === undefined) return !expected || expected === -1;
  if (Array.isArray(expected)) return JSON.stringify(expected) === JSON.stringify(actual);
  return expected === actual;
}

/** Whether a stream was made by the Go library, which would change ours at each of its starts. */
export function isGoMade(actual: Readonly<Record<string, unknown>>): boolean {
  return actual.description === "Helix dual-cluster replay queue" && actual.discard === "old";
}

const LIMITS = new Set(["max_msgs", "max_msgs_per_subject", "max_bytes"]);

/**
 * Whether the server would delete messages to keep the new limit: it does so at once, whatever `discard` says (tried on
 * 2.12.8 and 2.15.1). Absent or negative means no limit.
 */
export function isLowering({ field, expected, actual }: TopologyDifference): boolean {
  if (!LIMITS.has(field)) return false;
  const isUnlimited = typeof actual !== "number" || actual < 0;
  return isUnlimited || (expected as number) < actual;
}
