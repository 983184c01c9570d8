import {
  CLUSTERS,
  type ClusterFigures,
  type ClusterId,
  LANES,
  type Lane,
  type LaneFigures,
} from "@helix/core";
import { recordOf } from "../record-of.ts";
import type { PerSecond } from "./per-second.ts";

/** Under which the pods' documents lie, each by the id of its pod. */
export const PODS_KEY = "pods";
/** Of what is written here. A newer one has the same meaning for what this one has. */
export const PROTOCOL = 1;

/** What a pod says of itself, every few seconds. Plain data: times are milliseconds since 1970. */
export interface PodReport {
  readonly protocol: number;
  /** Another one with each start. */
  readonly id: string;
  readonly host: string;
  readonly version: string;
  readonly startedAtMs: number;
  /** Its clock when it wrote this; absent: it is of an older version. */
  readonly atMs?: number | undefined;
  /** How often it says so. */
  readonly intervalMs: number;
  /** What its queue has for somebody to look after. */
  readonly warning?: string | undefined;
  readonly clusters: Readonly<Record<ClusterId, ClusterFigures>>;
  readonly lanes: Readonly<Record<Lane, PodLane>>;
}

export interface PodLane extends LaneFigures {
  /** Handed back by this pod with a delay that is not over, when it last looked. */
  readonly inBackOff: number;
  /** Messages that this pod has taken out of the lane, applied or dead. */
  readonly out: PerSecond;
  /** Those of them that died. */
  readonly died: PerSecond;
  /** By how much the lane grew, by what all pods and applications do. */
  readonly growth: PerSecond;
}

const MAX_TEXT = 500;

/** The schema of a pod's document; undefined for what is none. What a newer version adds is skipped. */
export function readPodReport(value: unknown): PodReport | undefined {
  try {
    return readReport(value);
  } catch (error) {
    if (error instanceof NoReport) return undefined;
    throw error;
  }
}

class NoReport extends Error {}

function readReport(value: unknown): PodReport {
  const { protocol, id, host, version, startedAtMs, atMs, intervalMs, warning, clusters, lanes } =
    fieldsOf(value);
  const [of, on] = [fieldsOf(clusters), fieldsOf(lanes)];
  return {
    protocol: count(protocol),
    id: text(id),
    host: text(host),
    version: text(version),
    startedAtMs: count(startedAtMs),
    ...(atMs !== undefined && { atMs: count(atMs) }),
    intervalMs: count(intervalMs),
    ...(warning !== undefined && { warning: text(warning) }),
    clusters: recordOf(CLUSTERS, (cluster) => readCluster(of[cluster])),
    lanes: recordOf(LANES, (lane) => readLane(on[lane])),
  };
}

function readCluster(value: unknown): ClusterFigures {
  const {
    breaker,
    breakerSinceMs,
    pausedBy,
    concurrency,
    perSecond,
    lastError,
    refusedWrites,
    shortestGrace,
  } = fieldsOf(value);
  if (breaker !== "closed" && breaker !== "open" && breaker !== "half-open") throw new NoReport();
  const known: ClusterFigures = { breaker, concurrency: count(concurrency) };
  return {
    ...known,
    ...(breakerSinceMs !== undefined && { breakerSinceMs: count(breakerSinceMs) }),
    ...(pausedBy !== undefined && { pausedBy: text(pausedBy) }),
    ...(perSecond !== undefined && { perSecond: count(perSecond) }),
    ...(lastError !== undefined && { lastError: readError(lastError) }),
    ...(refusedWrites !== undefined && { refusedWrites: readRefused(refusedWrites) }),
    ...(shortestGrace !== undefined && { shortestGrace: readGrace(shortestGrace) }),
  };
}

function readError(value: unknown) {
  const fields = fieldsOf(value);
  return { text: text(fields.text), atMs: count(fields.atMs) };
}

function readRefused(value: unknown) {
  const fields = fieldsOf(value);
  return { tables: text(fields.tables), text: text(fields.text), sinceMs: count(fields.sinceMs) };
}

function readGrace(value: unknown) {
  const { table, gcGraceSeconds } = fieldsOf(value);
  return { table: text(table), gcGraceSeconds: count(gcGraceSeconds) };
}

function readLane(value: unknown): PodLane {
  const { inHand, inBackOff, applied, failed, dead, out, died, growth } = fieldsOf(value);
  return {
    inHand: count(inHand),
    inBackOff: count(inBackOff),
    applied: count(applied),
    failed: count(failed),
    dead: count(dead),
    out: readPerSecond(out, count),
    died: readPerSecond(died, count),
    growth: readPerSecond(growth, number),
  };
}

function readPerSecond(value: unknown, read: (value: unknown) => number): PerSecond {
  const { last1Min, last15Min } = fieldsOf(value);
  return {
    ...(last1Min !== undefined && { last1Min: read(last1Min) }),
    ...(last15Min !== undefined && { last15Min: read(last15Min) }),
  };
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null) throw new NoReport();
  return value as Readonly<Record<string, unknown>>;
}

function text(value: unknown): string {
  if (typeof value !== "string" || value.length > MAX_TEXT) throw new NoReport();
  return value;
}

function number(value: unknown): number {
  if (typeof value !== "number" || !Number.isFinite(value)) throw new NoReport();
  return value;
}

function count(value: unknown): number {
  if (number(value) < 0) throw new NoReport();
  return value as number;
}
