import type { Clock, Logger, Metrics, SchedulingOptions } from "@helix/core";
import {
  boolean,
  clock,
  expected,
  having,
  integer,
  list,
  logger,
  metrics,
  milliseconds,
  type OptionsOf,
  oneOf,
  optional,
  queueSchedulingOptions,
  readOptions,
  text,
} from "@helix/core/queue-kit";
import type { NatsConnection } from "@nats-io/nats-core";
import { connectOption, INBOX_PREFIX, type NatsConnectOptions, SUBJECT_PREFIX } from "./connect-options.ts";
import type { Envelope } from "./envelope/envelope.ts";

/** What the parts of a queue are called. Whoever shares a queue must say the same. */
export interface NatsNames {
  /** @default "helix-replay" */
  readonly streamName?: string | undefined;
  /** Subjects are `{prefix}.{priority}.{cluster}`, such as `helix.replay.high.A`. @default "helix.replay" */
  readonly subjectPrefix?: string | undefined;
}

/** How the streams are made. All pods must say the same: what differs is an error that names it. */
export interface TopologyOptions extends NatsNames {
  /** What may be pending; one lane may have half of it. Full means HELIX_QUEUE_FULL. At least 2. @default 1_000_000 */
  readonly maxMsgs?: number | undefined;
  /** The same in bytes, as the server counts them. At least 1_024. @default 1_073_741_824 (1 GiB) */
  readonly maxBytes?: number | undefined;
  /** Dead letters that may be kept. Full means that messages stay in their lanes. At least 1. @default 1_000_000 */
  readonly maxDeadLetters?: number | undefined;
  /** Copies of each message, 1 to 5 and odd; 3 in production. @default 1 */
  readonly replicas?: number | undefined;
  /**
   * What workers may hold per lane and pod, by the credit of their pulls. With less than the worker's `concurrency`,
   * messages that hang can be all of it, and hold up the others. Messages, 1 to 10 000. @default 1_000
   */
  readonly maxAckPending?: number | undefined;
  /** The most messages that one request may ask for, 1 to 1 000. @default 100 */
  readonly maxRequestBatch?: number | undefined;
  /**
   * How long a message may be held before another worker gets it as well, unless it is extended. Milliseconds,
   * 1_000 to 3_600_000. @default 30_000
   */
  readonly ackWaitMs?: number | undefined;
  /**
   * How long a message may wait in its lane; an older one becomes a dead letter with the cause `expired`, unexecuted.
   * It also bounds how long failures of a message are remembered. Milliseconds, 1_000 to 315_360_000_000 (ten years).
   * @default 86_400_000 (24 h)
   */
  readonly maxAgeMs?: number | undefined;
}

/** By which connection. Exactly one of the two. */
export interface NatsLinkOptions {
  /** One that the application has; it stays open when the queue is closed. From `@nats-io/transport-node`. @default none */
  readonly connection?: NatsConnection | undefined;
  /** A connection of the queue's own, which never gives up reconnecting. @default none */
  readonly connect?: NatsConnectOptions | undefined;
  /**
   * Work with a server older than 2.10.27 as well. Such servers lose messages, and bring back those that were
   * acknowledged. @default false
   */
  readonly allowOldServer?: boolean | undefined;
  /** Where log lines go. Whatever it does changes nothing. @default none */
  readonly logger?: Logger | undefined;
  /** Where figures go: what was stuck in the lanes. @default none */
  readonly metrics?: Metrics | undefined;
  /** @default the machine's */
  readonly clock?: Clock | undefined;
}

export interface NatsEnqueuerOptions extends NatsLinkOptions, NatsNames {
  /** One try of a publish. Milliseconds, 100 to 60_000. @default 5_000 */
  readonly publishTimeoutMs?: number | undefined;
  /**
   * All tries together; a change of leader took 4 to 10 s in three-node clusters of 2.12. At most the window in which
   * the server recognises a repeated message, less a margin. Milliseconds, 100 to 100_000. @default 15_000
   */
  readonly enqueueTimeoutMs?: number | undefined;
  /** Publishes that are sent and not answered. 1 to 10 000. @default 256 */
  readonly maxInFlight?: number | undefined;
  /**
   * Seals what is enqueued and opens what is read, so that whoever runs the servers sees no rows; see `aesGcmEnvelope`. What
   * is not sealed is read as before. @default none
   */
  readonly envelope?: Envelope | undefined;
  /** Publishes that wait for their turn; one more is refused with HELIX_QUEUE_OVERLOADED. 0 to 1 000 000. @default 10_000 */
  readonly maxWaiting?: number | undefined;
  /** The same in encoded payloads. Bytes, at least 0. @default 134_217_728 (128 MiB) */
  readonly maxWaitingBytes?: number | undefined;
}

/** What to do about streams and consumers when the queue connects. */
export type Provision = "create" | "update" | "none";

const PROVISIONS: readonly Provision[] = Object.freeze(["create", "update", "none"]);

export interface NatsReplayerOptions extends NatsEnqueuerOptions, TopologyOptions, SchedulingOptions {
  /** Takes nothing that is not sealed: a dead letter instead, which nobody can redrive meanwhile. Together with `envelope`. @default false */
  readonly sealedOnly?: boolean | undefined;
  /**
   * `create`: makes what is missing; what differs is an error. `update`: changes what differs, if the server can.
   * `none`: makes nothing, and needs no rights to; what is missing or differs is an error. @default "create"
   */
  readonly provision?: Provision | undefined;
  /**
   * For migration: the lane stream and its consumers were made by the Go library and are used as they are, while
   * dead letters and counts get streams of their own. Stop the Go workers first. @default false
   */
  readonly adoptGoStream?: boolean | undefined;
  /**
   * An order that the cluster with this node is A (or B) from now on, whatever is recorded: `A=` and a host id, as
   * HELIX_CLUSTER_MISTAKEN names it. To exchange them both have to be named. @default none
   */
  readonly acceptClusters?: readonly string[] | undefined;
}

/** Of a control store alone. */
export interface NatsControlOptions extends NatsLinkOptions, NatsNames {}

/** Whose rights, and to what. */
export interface NatsPermissionOptions extends NatsNames {
  /** What the user's reply subjects begin with. @default _INBOX */
  readonly inboxPrefix?: string | undefined;
}

export interface EnsureTopologyOptions extends NatsLinkOptions, TopologyOptions {
  /** As that of the queue. @default "create" */
  readonly provision?: Provision | undefined;
  readonly adoptGoStream?: boolean | undefined;
}

type Settled<T> = { readonly [K in keyof T]-?: Exclude<T[K], undefined> };

export type LinkSettings = Pick<NatsLinkOptions, "connection" | "connect"> &
  Settled<Omit<NatsLinkOptions, "connection" | "connect">>;
export type EnqueuerSettings = LinkSettings &
  Pick<NatsEnqueuerOptions, "envelope"> &
  Settled<Omit<NatsEnqueuerOptions, keyof NatsLinkOptions | "envelope">>;
export type TopologySettings = Settled<TopologyOptions> & {
  readonly provision: Provision;
  readonly adoptGoStream: boolean;
};
export type ReplayerSettings = EnqueuerSettings &
  TopologySettings & {
    readonly sealedOnly: boolean;
    readonly highPriorityRatio: number | undefined;
    readonly strictPriority: boolean | undefined;
    readonly acceptClusters: readonly string[] | undefined;
  };

/** NATS: no spaces, dots, wildcards or path separators in a stream's name. */
const STREAM_NAME = /^[A-Za-z0-9_-]{1,64}$/;

const LINK_OPTIONS: OptionsOf<LinkSettings> = {
  connect: optional(connectOption),
  connection: optional(
    having<NatsConnection>("a NatsConnection", ["publish", "subscribe", "status"], {
      about:
        "Instead of `connect`: one of `@nats-io/transport-node` 3; it stays open when the queue is closed.",
    }),
  ),
  allowOldServer: boolean(false, {
    about: "Work with a server older than 2.10.27, which may lose messages, as well.",
  }),
  logger,
  metrics,
  clock,
};

const NAME_OPTIONS: OptionsOf<Settled<NatsNames>> = {
  streamName: text({
    pattern: STREAM_NAME,
    expectation: "1 to 64 letters, digits, `-` or `_`",
    fallback: "helix-replay",
    about: "Stream of the four lanes.",
  }),
  subjectPrefix: text({
    pattern: SUBJECT_PREFIX,
    expectation: "a subject without spaces or wildcards",
    fallback: "helix.replay",
    about:
      "Subjects are `{prefix}.{priority}.{cluster}`, dead letters `{prefix}.dead.{priority}.{cluster}.{id}.{life}`.",
  }),
};

const PERMISSION_OPTIONS: OptionsOf<Settled<NatsPermissionOptions>> = {
  ...NAME_OPTIONS,
  inboxPrefix: text({ ...INBOX_PREFIX, fallback: "_INBOX" }),
};

/** Every option of `connectNatsEnqueuer`. */
const ENQUEUER_OPTIONS: OptionsOf<EnqueuerSettings> = {
  ...LINK_OPTIONS,
  ...NAME_OPTIONS,
  publishTimeoutMs: milliseconds({ min: 100, max: 60_000, fallback: 5000, about: "One try of a publish." }),
  enqueueTimeoutMs: milliseconds({
    min: 100,
    max: 100_000,
    fallback: 15_000,
    about: "All tries of a publish together; a change of leader takes 4 to 10 s.",
  }),
  maxInFlight: integer({
    min: 1,
    max: 10_000,
    fallback: 256,
    about: "Publishes that are sent and not answered.",
  }),
  maxWaiting: integer({
    min: 0,
    max: 1_000_000,
    fallback: 10_000,
    about: "Publishes that wait for their turn; one more is refused with `HELIX_QUEUE_OVERLOADED`.",
  }),
  maxWaitingBytes: integer({
    min: 0,
    fallback: 128 * 1024 * 1024,
    unit: "bytes",
    about: "The same in bytes of encoded payloads.",
  }),
  envelope: optional(
    having<Envelope>("an Envelope", ["seal", "open"], {
      about: "Seals what is enqueued and opens what is read: see *An envelope*.",
    }),
  ),
};

const copies = integer({
  min: 1,
  max: 5,
  fallback: 1,
  about: "Copies of each message: 1, 3 or 5; 3 in production.",
});

const TOPOLOGY_OPTIONS: OptionsOf<TopologySettings> = {
  ...NAME_OPTIONS,
  provision: oneOf(PROVISIONS, "create", {
    about:
      "Streams and consumers at the start. create: make what is missing, and refuse what differs. update: change what differs. none: make nothing, which needs no rights to; refuse what is missing or differs.",
  }),
  adoptGoStream: boolean(false, {
    about: "For migration: use the stream that the Go library made, as it is. Stop the Go workers first.",
  }),
  maxAgeMs: integer({
    min: 1000,
    max: 10 * 365 * 86_400_000,
    fallback: 86_400_000,
    unit: "ms",
    about:
      "Retention, from the enqueue: an older message becomes a dead letter with the cause `expired`, unexecuted. The server's own age limit is off: it deletes without a word.",
  }),
  maxMsgs: integer({
    min: 2,
    fallback: 1_000_000,
    unit: "messages",
    about:
      "What may be pending; one lane may have half of it. Full is `HELIX_QUEUE_FULL`; nothing is evicted.",
  }),
  maxBytes: integer({
    min: 1024,
    fallback: 1024 ** 3,
    unit: "bytes",
    about:
      "The same in bytes, as the server counts them. The dead letters reserve as much, and so does the trash.",
  }),
  maxDeadLetters: integer({
    min: 1,
    fallback: 1_000_000,
    unit: "messages",
    about:
      "Dead letters that are kept; full, messages stay in their lanes, tried again every 30 s. As many are kept in the trash, seven days long.",
  }),
  replicas: {
    ...copies,
    check(value, name) {
      const read = copies.check(value, name);
      if (read % 2 === 0) throw new RangeError(expected(name, "1, 3 or 5", value));
      return read;
    },
  },
  maxAckPending: integer({
    min: 1,
    max: 10_000,
    fallback: 1000,
    unit: "messages",
    about:
      "What a pod may hold per lane. With less than the worker's `concurrency`, messages that hang can be all of it, and hold up the others.",
  }),
  maxRequestBatch: integer({
    min: 1,
    max: 1000,
    fallback: 100,
    unit: "messages",
    about: "The most that one request to NATS asks for.",
  }),
  ackWaitMs: milliseconds({
    min: 1000,
    max: 3_600_000,
    fallback: 30_000,
    about:
      "How long a message may be held before another worker gets it as well; the worker extends it in time. When a pod is killed, others get what it had in hand after so long.",
  }),
};

/** Every option of `connectNatsReplayer`. */
export const REPLAYER_OPTIONS: OptionsOf<ReplayerSettings> = {
  ...ENQUEUER_OPTIONS,
  sealedOnly: boolean(false, {
    about: "Take nothing that is not sealed: it becomes a dead letter. Together with `envelope`.",
  }),
  ...TOPOLOGY_OPTIONS,
  ...queueSchedulingOptions,
  acceptClusters: optional(
    list({
      isItem: (item) => /^[AB]=[0-9a-f-]{36}$/.test(item),
      expectation: "a letter and a host id such as A=0f3c9a52-7f57-4d4c-9d4e-5a3a1d2b6c11, or one for each",
      about:
        "An order that the cluster with this node is A (or B) from now on, whatever is recorded, as `HELIX_CLUSTER_MISTAKEN` names it. To exchange them both have to be named.",
    }),
  ),
};

/** @throws TypeError, RangeError naming the option, what was expected and what was given. */
export function readEnqueuerOptions(options: NatsEnqueuerOptions): EnqueuerSettings {
  return linked(readOptions<EnqueuerSettings>("connectNatsEnqueuer", ENQUEUER_OPTIONS, options));
}

/** @throws TypeError, RangeError naming the option, what was expected and what was given. */
export function readReplayerOptions(options: NatsReplayerOptions): ReplayerSettings {
  const settings = linked(readOptions<ReplayerSettings>("connectNatsReplayer", REPLAYER_OPTIONS, options));
  if (settings.sealedOnly && settings.envelope === undefined) {
    throw new TypeError("Expected `envelope` to be given together with `sealedOnly`");
  }
  return settings;
}

/** @throws TypeError, RangeError naming the option, what was expected and what was given. */
export function readControlOptions(options: NatsControlOptions): LinkSettings & Settled<NatsNames> {
  const known = { ...LINK_OPTIONS, ...NAME_OPTIONS };
  return linked(readOptions<LinkSettings & Settled<NatsNames>>("connectNatsControl", known, options));
}

/** @throws TypeError naming the option, what was expected and what was given. */
export function readPermissionOptions(options: NatsPermissionOptions): Settled<NatsPermissionOptions> {
  return readOptions<Settled<NatsPermissionOptions>>("natsPermissions", PERMISSION_OPTIONS, options);
}

/** @throws TypeError, RangeError naming the option, what was expected and what was given. */
export function readTopologyOptions(options: EnsureTopologyOptions): LinkSettings & TopologySettings {
  return linked(
    readOptions<LinkSettings & TopologySettings>(
      "ensureTopology",
      { ...LINK_OPTIONS, ...TOPOLOGY_OPTIONS },
      options,
    ),
  );
}

function linked<T extends LinkSettings>(settings: T): T {
  if ((settings.connection === undefined) === (settings.connect === undefined)) {
    throw new TypeError("Expected exactly one of `connection` and `connect`");
  }
  return settings;
}
