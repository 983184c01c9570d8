import { isHelixError, type Outcome } from "@helix/core";

/** What a failed execution means. */
export interface ErrorClass {
  /** What to do about it: see `Outcome` in `@helix/core`. */
  readonly outcome: Exclude<Outcome, "applied">;
  /** `no` is proof for the tries that this error speaks of; `maybe` whenever an answer may have been lost. */
  readonly applied: "no" | "maybe";
}

const unavailable: ErrorClass = Object.freeze({ outcome: "unavailable", applied: "no" });
const uncertain: ErrorClass = Object.freeze({ outcome: "uncertain", applied: "maybe" });
/** Surely not applied, for a reason that time or a person may cure: schema, rights, guardrails. */
const curable: ErrorClass = Object.freeze({ outcome: "uncertain", applied: "no" });
const rejected: ErrorClass = Object.freeze({ outcome: "rejected", applied: "no" });

/**
 * Error codes of the native protocol v4, section 9; those of later versions as well, should one leak through.
 */
const BY_CODE: ReadonlyMap<number, ErrorClass> = new Map([
  [0x0000, uncertain], // server error
  [0x000a, rejected], // protocol error
  [0x0100, unavailable], // bad credentials: the session's fault, not the statement's
  [0x1000, unavailable], // unavailable
  [0x1001, unavailable], // overloaded
  [0x1002, unavailable], // bootstrapping
  [0x1003, Object.freeze({ outcome: "rejected", applied: "maybe" })], // truncate error
  [0x1100, uncertain], // write timeout, and compare-and-set unknown before v5
  [0x1200, uncertain], // read timeout
  [0x1300, uncertain], // read failure
  [0x1400, rejected], // function failure
  [0x1500, uncertain], // write failure: some replicas may have it
  [0x1600, unavailable], // change data capture is full: passes when its consumer catches up
  [0x1700, uncertain], // compare-and-set unknown
  [0x2000, rejected], // syntax
  [0x2100, curable], // unauthorized
  [0x2200, rejected], // invalid, but see CURABLE
  [0x2300, rejected], // configuration
  [0x2400, rejected], // already exists
  [0x2500, curable], // unprepared: the driver prepares again by itself, so this is all but never seen
]);

/** Cassandra has one code, 0x2200, for a statement that is wrong and for a schema that is not there yet. */
const CURABLE =
  /unconfigured table|does(?:n't| not) exist|undefined (?:column )?name|unknown (?:identifier|keyspace|table|type)|no keyspace has been specified|guardrail/i;

/** Errors of connecting, before anything of a statement was sent. */
const NOT_CONNECTED = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ENOTFOUND",
  "EAI_AGAIN",
  "ETIMEDOUT",
  "EPIPE",
]);

const BY_NAME: ReadonlyMap<string, ErrorClass> = new Map([
  ["OperationTimedOutError", uncertain],
  ["BusyConnectionError", unavailable],
  ["AuthenticationError", unavailable],
  ["ArgumentError", rejected],
  ["NotSupportedError", rejected],
  ["TypeError", rejected], // of the driver's encoder: the value does not fit the column
  ["RangeError", rejected],
]);

/** The driver throws plain errors here, recognisable by their text alone. */
const BY_MESSAGE: readonly (readonly [RegExp, ErrorClass])[] = [
  [/^No connection available/, unavailable],
  [/^Connection timeout/, unavailable],
  [/^Unprepared response invalid/, unavailable],
  [/^Encoder is not defined/, unavailable],
  [/^Query was prepared on keyspace/, rejected],
];

/**
 * What a failure of the driver, or of this package, means. Pure; never throws. Goes by name, code and flags,
 * since two copies of the driver may be loaded. What it does not know is `uncertain`.
 *
 * It only knows the error: a driver that made several tries reports the last, so whether an *earlier* try may
 * have been applied is for whoever made the request to remember.
 */
export function classifyError(error: unknown): ErrorClass {
  if (typeof error !== "object" || error === null) return uncertain;
  if (isHelixError(error)) return classifyOwn(error);
  const { name, code, message, innerErrors, isSocketError, requestNotWritten } = error as DriverErrorShape;
  if (name === "NoHostAvailableError") return classifyHosts(innerErrors);
  if (isSocketError === true) return requestNotWritten === true ? unavailable : uncertain;
  if (typeof code === "number") {
    if (code === 0x2200 && CURABLE.test(String(message))) return curable;
    return BY_CODE.get(code) ?? uncertain;
  }
  if (typeof code === "string" && NOT_CONNECTED.has(code)) return unavailable;
  for (const [text, result] of BY_MESSAGE) if (text.test(String(message))) return result;
  const known = BY_NAME.get(String(name));
  if (known !== undefined) return known;
  // The encoder throws a few plain errors too; the driver marks what failed on its way to a host, and
  // of all that can, only the encoder's have no name of their own.
  return name === "Error" && "coordinator" in error && "query" in error ? rejected : uncertain;
}

/** What the driver's errors carry beyond `Error`, as far as we look. */
export interface DriverErrorShape {
  readonly name?: unknown;
  readonly code?: unknown;
  readonly message?: unknown;
  readonly innerErrors?: unknown;
  readonly isSocketError?: unknown;
  readonly requestNotWritten?: unknown;
}

function classifyOwn(error: {
  readonly code: string;
  readonly outcome?: unknown;
  readonly retry?: unknown;
}): ErrorClass {
  if (error.code === "HELIX_CLIENT_CLOSED" || error.code === "HELIX_CLIENT_NOT_CONNECTED") return unavailable;
  if (error.code === "HELIX_PAYLOAD_INVALID" && error.retry === "later") return curable;
  if (error.code === "HELIX_PAYLOAD_INVALID" || error.code === "HELIX_NOT_REPLAYABLE") return rejected;
  return error.outcome === "unavailable" ? unavailable : uncertain;
}

/** One entry per host that was tried: an error, or a text or nothing where it was not asked at all. */
function classifyHosts(innerErrors: unknown): ErrorClass {
  const parts = errorsByHost(innerErrors).map(classifyHost);
  const applied = parts.some((part) => part.applied === "maybe") ? "maybe" : "no";
  // The most cautious wins: an uncertain one is tried again and may then be refused by itself.
  if (applied === "maybe" || parts.some((part) => part.outcome === "uncertain")) {
    return { outcome: "uncertain", applied };
  }
  return parts.some((part) => part.outcome === "rejected") ? rejected : unavailable;
}

function classifyHost(error: object): ErrorClass {
  const { name } = error as DriverErrorShape;
  // A wrong data centre or the like: the session's configuration, not the statement.
  return name === "ArgumentError" ? unavailable : classifyError(error);
}

/** The errors of the hosts that were asked, whatever shape the driver gave them. */
export function errorsByHost(innerErrors: unknown): object[] {
  if (typeof innerErrors !== "object" || innerErrors === null) return [];
  return Object.values(innerErrors).filter((inner) => typeof inner === "object" && inner !== null);
}
