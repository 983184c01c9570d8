import type { PullRequest } from "./model-pulls.ts";
import type { StreamConfig } from "./model-stream.ts";
import { decode } from "./wire.ts";

/** As the JetStream API has it, all that the server fills in included. Durations in nanoseconds. */
export interface ConsumerConfig {
  readonly durable_name: string;
  readonly name: string;
  readonly filter_subject: string;
  readonly ack_wait: number;
  readonly max_ack_pending: number;
  readonly max_batch?: number;
  readonly max_waiting: number;
  readonly [other: string]: unknown;
}

const NANOS = 1_000_000;

type Given = Readonly<Record<string, unknown>>;

/** What the server fills in (nats-server 2.12, in a configuration without limits). */
const STREAM_DEFAULTS = {
  retention: "limits",
  max_consumers: -1,
  max_msgs: -1,
  max_bytes: -1,
  max_age: 0,
  max_msgs_per_subject: -1,
  max_msg_size: -1,
  discard: "old",
  storage: "file",
  num_replicas: 1,
  duplicate_window: 120_000 * NANOS,
  compression: "none",
  allow_direct: false,
  mirror_direct: false,
  sealed: false,
  deny_delete: false,
  deny_purge: false,
  allow_rollup_hdrs: false,
  consumer_limits: {},
  allow_msg_ttl: false,
} as const;

const CONSUMER_DEFAULTS = {
  deliver_policy: "all",
  ack_policy: "explicit",
  ack_wait: 30_000 * NANOS,
  max_deliver: -1,
  replay_policy: "instant",
  max_waiting: 512,
  max_ack_pending: 1000,
  num_replicas: 0,
} as const;

/** What an update of a stream may not change, and the server's words for it. */
export const UNCHANGEABLE: Readonly<Record<string, string>> = {
  retention: "retention policy to/from workqueue",
  storage: "storage type",
};

export function readStream(given: Given): StreamConfig {
  const read = { ...STREAM_DEFAULTS, ...present(given) } as unknown as StreamConfig;
  const ageNs = read.max_age;
  const windowNs = given.duplicate_window ?? (ageNs > 0 ? Math.min(ageNs, 120_000 * NANOS) : 120_000 * NANOS);
  const unlimited = (value: number) => (value === 0 ? -1 : value);
  return {
    ...read,
    duplicate_window: windowNs as number,
    max_msgs: unlimited(read.max_msgs),
    max_bytes: unlimited(read.max_bytes),
    max_msgs_per_subject: unlimited(read.max_msgs_per_subject),
    max_msg_size: unlimited(read.max_msg_size),
  };
}

export function readConsumer(name: string, given: Given): ConsumerConfig {
  return { ...CONSUMER_DEFAULTS, ...present(given), durable_name: name, name } as unknown as ConsumerConfig;
}

/** Whether they differ in nothing that anybody set. */
export function sameConfig(one: Given, other: Given): boolean {
  const fields = new Set([...Object.keys(one), ...Object.keys(other)]);
  for (const field of fields) {
    if (field === "metadata") continue;
    if (JSON.stringify(one[field]) !== JSON.stringify(other[field])) return false;
  }
  return true;
}

/** The request, or why it is a bad one. */
export function readPull(data: Uint8Array): PullRequest | string {
  const text = decode(data).trim();
  if (text === "") return { batch: 1, maxBytes: 0, expiresMs: 0, heartbeatMs: 0, noWait: false };
  if (!text.startsWith("{")) {
    const batch = Number(text);
    return {
      batch: Number.isSafeInteger(batch) && batch > 0 ? batch : 1,
      maxBytes: 0,
      expiresMs: 0,
      heartbeatMs: 0,
      noWait: false,
    };
  }
  const {
    batch = 1,
    max_bytes = 0,
    expires = 0,
    idle_heartbeat = 0,
    no_wait = false,
  } = JSON.parse(text) as {
    batch?: number;
    max_bytes?: number;
    expires?: number;
    idle_heartbeat?: number;
    no_wait?: boolean;
  };
  if (idle_heartbeat > 0 && expires > 0 && idle_heartbeat * 2 > expires) return "heartbeat value too large";
  return {
    batch: batch > 0 ? batch : 1,
    maxBytes: max_bytes,
    expiresMs: expires / NANOS,
    heartbeatMs: idle_heartbeat / NANOS,
    noWait: no_wait,
  };
}

function present(given: Given): Given {
  return Object.fromEntries(
    Object.entries(given).filter(([, value]) => value !== undefined && value !== null),
  );
}
