import type { JetStreamManager } from "@nats-io/jetstream";
import type { TopologyDifference } from "../errors.ts";
import { differencesOf, isLowering, type Wanted } from "./topology.ts";

/** Fields by which the server deletes, evicts, refuses or leaves behind what was, or is to be, acknowledged. */
const LOSING = new Set([
  "discard",
  "discard_new_per_subject",
  "headers_only",
  "max_age",
  "max_deliver",
  "max_msg_size",
  "no_ack",
  "num_replicas",
  "retention",
  "sealed",
  "storage",
  "subject_transform",
  "subjects",
]);

/**
 * What no start asks for and no server has by itself, and by which it refuses, changes or withholds what goes in or comes out (each can be set by an edit on 2.12.8
 * and 2.15.1). A queue that begins takes them as they are; who looks after it is told.
 */
const LEFT = {
  stream: {
    deny_delete: false,
    deny_purge: false,
    max_msg_size: -1,
    no_ack: false,
    republish: undefined,
    sealed: false,
    sources: undefined,
    subject_transform: undefined,
  },
  consumer: {
    backoff: undefined,
    headers_only: false,
    inactive_threshold: 0,
    max_bytes: undefined,
    max_expires: undefined,
    pause_until: undefined,
    priority_groups: undefined,
  },
} as const;

/** Of what there is on the server. */
export interface Actual {
  readonly config: Readonly<Record<string, unknown>>;
  /** What the stream holds. */
  readonly messages: number;
}

/** Rejects with the library's error, also where it does not exist. */
export async function lookedAt(api: JetStreamManager, wanted: Wanted): Promise<Actual> {
  if (wanted.kind === "stream") {
    const { config, state } = await api.streams.info(wanted.name);
    return { config: { ...config }, messages: state.messages };
  }
  const { config, paused } = await api.consumers.info(wanted.stream, wanted.name);
  // A pause that is over stays in the configuration.
  const { pause_until, ...others } = config;
  return { config: { ...others, ...(paused === true && { pause_until }) }, messages: 0 };
}

/** Every field that is not as it should be, also those that nobody asks for. */
export function changesOf(wanted: Wanted, actual: Actual["config"]): TopologyDifference[] {
  const config = { ...LEFT[wanted.kind], ...wanted.config };
  return differencesOf({ ...wanted, config } as Wanted, actual);
}

/** Whether no option sets it, so that no start takes it back. */
export function isLeft({ object, field, expected }: TopologyDifference): boolean {
  const left: Readonly<Record<string, unknown>> = LEFT[object.startsWith("stream ") ? "stream" : "consumer"];
  return Object.hasOwn(left, field) && left[field] === expected;
}

/** Whether something can be gone by it. */
export function isLosing(difference: TopologyDifference): boolean {
  const { field, expected, actual } = difference;
  // The other way round: what was beyond the lower limit has been deleted.
  return LOSING.has(field) || isLowering({ ...difference, expected: actual, actual: expected });
}

/** What the server has in nanoseconds; the options are in milliseconds. */
const TIMES = new Set(["ack_wait", "duplicate_window", "max_age", "max_expires"]);

/** A value as the options have it. */
export function tell(field: string, value: unknown): string {
  if (value === undefined) return "not set";
  return TIMES.has(field) && typeof value === "number" ? `${value / 1e6} ms` : `${JSON.stringify(value)}`;
}

/** As a line. */
export function told({ object, field, expected, actual }: TopologyDifference): string {
  return `${object}: \`${field}\` is ${tell(field, actual)}, expected ${tell(field, expected)}`;
}
