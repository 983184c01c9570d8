import { type ErrorReading, isHelixError, outcomeOf, readingOf } from "@helix/core";
import { errorLabel, errorText } from "@helix/core/internal";
import { meaningOfDriverError } from "./driver-errors.ts";
import { type DriverErrorShape, type Meaning, UNKNOWN } from "./meaning.ts";
import { meaningOfCode, nameOfCode } from "./server-codes.ts";
import { toldOfServer } from "./server-texts.ts";

/**
 * What a failure of the driver, of a server, or of this package means: the tables are in the README. Pure; never throws.
 * What it does not know is `uncertain`: perhaps applied, and tried again later.
 *
 * It only knows the error: a driver that made several tries reports the last, so whether an *earlier* try may
 * have been applied is for whoever made the request to remember.
 */
export function readError(error: unknown): ErrorReading {
  try {
    return read(error);
  } catch {
    // A getter that throws, hosts that hold each other.
    return { ...UNKNOWN, text: errorText(error) };
  }
}

function read(error: unknown): ErrorReading {
  if (typeof error !== "object" || error === null) return { ...UNKNOWN, text: errorText(error) };
  if (isHelixError(error)) return readOwn(error);
  const { name, code, message, innerErrors } = error as DriverErrorShape;
  if (name === "NoHostAvailableError") return readHosts(innerErrors, String(message));
  const meaning = meaningOf(error);
  // What nobody here knows is perhaps of another package, whose texts core knows.
  if (meaning === undefined) {
    return { ...UNKNOWN, answered: typeof code === "number", text: errorText(error) };
  }
  const { told, ...reading } = meaning;
  return { ...reading, text: (told === true ? String(message) : toldBy(error)) || labelOf(error) };
}

/** What a server says where it is known to quote nothing. */
function toldBy({ code, message }: DriverErrorShape): string | undefined {
  return typeof code === "number" ? toldOfServer(String(message)) : undefined;
}

function labelOf(error: DriverErrorShape): string {
  const name = typeof error.code === "number" ? nameOfCode(error.code) : undefined;
  return name === undefined ? errorLabel(error) : `${errorLabel(error)} (${name})`;
}

/** What of an error is in no table: the error itself, or that of a host. Never throws. */
export function unknownIn(error: unknown): unknown[] {
  try {
    return findUnknown(error);
  } catch {
    return [error];
  }
}

function findUnknown(error: unknown): unknown[] {
  if (typeof error !== "object" || error === null) return [error];
  if (isHelixError(error)) return [];
  const { name, innerErrors } = error as DriverErrorShape;
  if (name === "NoHostAvailableError")
    return hostsIn(innerErrors).flatMap(([, inner]) => (wasAsked(inner) ? findUnknown(inner) : []));
  return meaningOf(error) === undefined ? [error] : [];
}

function meaningOf(error: DriverErrorShape): Meaning | undefined {
  const { code, message } = error;
  return typeof code === "number" ? meaningOfCode(code, String(message)) : meaningOfDriverError(error);
}

/** No host is left that could be asked: the cluster is away. */
const AWAY = { applied: "no", retry: "later", scope: "cluster", answered: false } as const;

function readOwn(error: {
  readonly code: string;
  readonly message: string;
  readonly retry?: unknown;
}): ErrorReading {
  const text = error.message;
  switch (error.code) {
    case "HELIX_CLIENT_CLOSED":
    case "HELIX_CLIENT_NOT_CONNECTED":
    case "HELIX_CLUSTER_MISTAKEN":
    case "HELIX_CLUSTER_UNAVAILABLE":
      return { ...AWAY, text };
    case "HELIX_CLUSTER_BUSY":
      return { ...AWAY, scope: "caller", load: "overload", text };
    case "HELIX_PAYLOAD_INVALID":
      return { ...AWAY, retry: error.retry === "later" ? "later" : "never", scope: "value", text };
    case "HELIX_NOT_REPLAYABLE":
      return { ...AWAY, retry: "never", scope: "statement", text };
    // A server has said that it has no such table, be it to another request.
    case "HELIX_SCHEMA_UNKNOWN":
      return { ...AWAY, scope: "statement", answered: true, text };
    default:
      return readingOf(error);
  }
}

/** One entry per host that was tried: an error, or a text or nothing where it was not asked at all. */
function readHosts(innerErrors: unknown, message: string): ErrorReading {
  const readings = hostsIn(innerErrors).map(([host, inner]): [string, ErrorReading | undefined] => [
    host,
    wasAsked(inner) ? read(inner) : undefined,
  ]);
  // Per host, since the text of the whole quotes only the first.
  const text = readings.map(([host, reading]) => `${host}: ${reading?.text ?? "not asked"}`).join("; ");
  const asked = readings.flatMap(([, reading]) => reading ?? []);
  return {
    ...together(asked),
    answered: asked.some(({ answered }) => answered),
    load: LOADS.find((load) => asked.some((reading) => reading.load === load)),
    text: text === "" ? message : text,
  };
}

function hostsIn(innerErrors: unknown): [string, unknown][] {
  return typeof innerErrors === "object" && innerErrors !== null ? Object.entries(innerErrors) : [];
}

function wasAsked(inner: unknown): inner is object {
  return typeof inner === "object" && inner !== null;
}

/** One answer that was lost with its connection is enough for the failure to be nobody's. */
const LOADS = ["connection-lost", "overload", "timeout"] as const;

/** The most cautious wins: an uncertain one is tried again and may then be refused by itself. */
function together(asked: readonly ErrorReading[]): Omit<ErrorReading, "text"> {
  const pick = (test: (reading: ErrorReading) => boolean) => asked.find(test);
  const lost = pick(({ applied }) => applied === "maybe");
  if (lost !== undefined) return { ...lost, retry: "later" };
  const found =
    pick((reading) => outcomeOf(reading) === "uncertain") ??
    pick(({ retry, scope }) => retry === "never" && scope !== "caller") ??
    pick(({ load }) => load === "overload") ??
    pick(({ scope }) => scope === "replicas");
  // There is no other host.
  if (found !== undefined) return { ...found, retry: found.retry === "never" ? "never" : "later" };
  // A wrong data centre, or a password that every host refuses, is nothing that the cluster does.
  const [first] = asked;
  const isOurs = first !== undefined && asked.every(({ scope, answered }) => scope === "caller" || answered);
  return isOurs ? { ...first, retry: "later" } : AWAY;
}
