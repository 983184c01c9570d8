import type { Marker, Span, Using } from "../cql/syntax.ts";
import type { MemberDecision } from "../inspection.ts";
import { mistaken, type Objection } from "./objection.ts";
import { integerOf, isUnset, type Lookup } from "./values.ts";

/** How long cells live, and their timestamp; what speaks against either; or `values` where these have to be known. */
export interface UsingPlan {
  readonly ttl: Ttl | BoundNumber<Ttl>;
  readonly timestamp: Timestamp | BoundNumber<Timestamp>;
}

/** Undefined: for ever. */
export type Ttl = MemberDecision["ttl"] | Objection;

/** Microseconds; undefined: that of the request. */
export type Timestamp = bigint | undefined | Objection;

interface BoundNumber<T> {
  readonly marker: Marker;
  readonly name: string;
  read(value: unknown): T;
}

export function planUsing(using: Using | undefined, cql: string, defaultTtlSeconds: number): UsingPlan {
  const byDefault: Ttl = defaultTtlSeconds > 0 ? { seconds: defaultTtlSeconds, source: "table" } : undefined;
  const { ttl, timestamp } = using ?? {};
  return {
    ttl:
      ttl === undefined
        ? byDefault
        : ttl.kind === "marker"
          ? { marker: ttl, name: "[ttl]", read: (value) => boundTtl(value, byDefault, ttl) }
          : ttlOf(numberIn(cql, ttl), "text", ttl),
    timestamp:
      timestamp === undefined
        ? undefined
        : timestamp.kind === "marker"
          ? { marker: timestamp, name: "[timestamp]", read: (value) => boundTimestamp(value, timestamp) }
          : timestampOf(numberIn(cql, timestamp), timestamp),
  };
}

/** Beyond all that stands for something; to read more digits takes time. */
const TOO_MUCH = 2n ** 127n;

function numberIn(cql: string, { at, end }: Span): bigint {
  return end - at > 100 ? TOO_MUCH : BigInt(cql.slice(at, end));
}

export function isBound<T>(planned: T | BoundNumber<T>): planned is BoundNumber<T> {
  return typeof planned === "object" && planned !== null && "marker" in planned;
}

export function readBound<T>(planned: T | BoundNumber<T>, lookup: Lookup): T {
  return isBound(planned) ? planned.read(lookup(planned.marker, planned.name)) : planned;
}

/** Null switches the default of the table off, as 0 does; unset leaves it. */
function boundTtl(value: unknown, byDefault: Ttl, at: Marker): Ttl {
  if (isUnset(value)) return byDefault;
  if (value === null) return undefined;
  const seconds = integerOf(value);
  return seconds === undefined ? wrongTtl(at) : ttlOf(seconds, "value", at);
}

function ttlOf(seconds: bigint, source: "text" | "value", at: Pick<Marker, "at">): Ttl {
  if (seconds < 0n || seconds > MAX_TTL_SECONDS) return wrongTtl(at);
  return seconds === 0n ? undefined : { seconds: Number(seconds), source };
}

function boundTimestamp(value: unknown, at: Marker): Timestamp {
  if (isUnset(value)) return undefined;
  const micros = integerOf(value);
  return micros === undefined ? wrongTimestamp(at) : timestampOf(micros, at);
}

/** The least number of 64 bits means that there is none, so the server does not take it either. */
function timestampOf(micros: bigint, at: Pick<Marker, "at">): Timestamp {
  return micros > -MAX_MICROS - 1n && micros <= MAX_MICROS ? micros : wrongTimestamp(at);
}

function wrongTimestamp(at: Pick<Marker, "at">): Objection {
  return mistaken(
    at,
    "a timestamp that is no whole number of 64 bits",
    "It counts microseconds since 1970; the server takes nothing else.",
  );
}

function wrongTtl(at: Pick<Marker, "at">): Objection {
  return mistaken(
    at,
    "a TTL out of range",
    `A TTL is a whole number of seconds from 0 to ${MAX_TTL_SECONDS}.`,
  );
}

const MAX_MICROS = 2n ** 63n - 1n;
/** Twenty years, as in Attributes.java. */
const MAX_TTL_SECONDS = 630_720_000n;
