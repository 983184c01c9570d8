import { isHelixError } from "../errors.ts";

/** Errors whose own words never quote a value that was bound, by name: of connecting, and of waiting. */
const HARMLESS = new Set([
  "ArgumentError",
  "AuthenticationError",
  "AuthorizationError",
  "BusyConnectionError",
  "ClosedConnectionError",
  "ConnectionError",
  "DriverError",
  "JetStreamApiError",
  "JetStreamNotEnabled",
  "NoRespondersError",
  "OperationTimedOutError",
  "PermissionViolationError",
  "RequestError",
  "TimeoutError",
]);

/**
 * Error codes of the CQL protocol whose text is the server's own: credentials, unavailable, overloaded,
 * bootstrapping, timeouts, failures of replicas, rights. Not among them is what looks at values: syntax,
 * invalid, functions.
 */
const HARMLESS_CODES = new Set([
  0x0100, 0x1000, 0x1001, 0x1002, 0x1100, 0x1200, 0x1300, 0x1500, 0x1600, 0x2100, 0x2500,
]);

/** Of code 0x2200, `invalid`, these name objects of the schema. */
const ABOUT_SCHEMA =
  /^(unconfigured table [\w.]+|(Table|Keyspace|keyspace) '?[\w.]+'? (does not|doesn't) exist|Undefined column name "?\w+"? in table [\w.]+|Unknown identifier \w+)$/;

interface ErrorShape {
  readonly name?: unknown;
  readonly code?: unknown;
  readonly message?: unknown;
  readonly syscall?: unknown;
  readonly innerErrors?: unknown;
  readonly coordinator?: unknown;
  readonly query?: unknown;
}

/** Of a failed execution, what may stand in a log line. */
export class LoggableError {
  readonly name: string;
  readonly code?: string | number;
  readonly text: string;

  constructor(error: unknown) {
    const { name, code } = (error ?? {}) as ErrorShape;
    this.name = typeof name === "string" ? name : typeof error;
    if (typeof code === "string" || typeof code === "number") this.code = code;
    this.text = errorText(error);
  }
}

/**
 * What may be told of an error in a log line or an answer: its text if that is known to quote no value, else
 * its name and code. Both the encoder of the driver and Cassandra put the value that they refuse into their
 * texts, and values are personal data; the whole text is with the dead letter.
 */
export function errorText(error: unknown): string {
  if (typeof error !== "object" || error === null) return `a thrown ${typeof error}`;
  const { name, code, message, innerErrors } = error as ErrorShape;
  if (name === "NoHostAvailableError") return hostsText(innerErrors) ?? String(message);
  const text = typeof message === "string" && message !== "" && isHarmless(error) ? message : undefined;
  if (text !== undefined) return text;
  const label = typeof name === "string" ? name : "Error";
  return code === undefined ? label : `${label} ${codeText(code)}`;
}

function isHarmless(error: ErrorShape & object): boolean {
  if (isHelixError(error)) return true;
  const { name, code, message, syscall, coordinator, query } = error;
  if (typeof code === "number" && name === "ResponseError") {
    return HARMLESS_CODES.has(code) || (code === 0x2200 && ABOUT_SCHEMA.test(String(message)));
  }
  if (typeof syscall === "string") return true;
  // A plain error is one of our packages', unless the driver marked it as that of a request.
  if (name === "Error") return coordinator === undefined && query === undefined;
  return HARMLESS.has(String(name));
}

/** Per host, since the text of the whole quotes only the first; undefined if there is none. */
function hostsText(innerErrors: unknown): string | undefined {
  if (typeof innerErrors !== "object" || innerErrors === null) return undefined;
  const parts = Object.entries(innerErrors).map(([host, inner]) =>
    typeof inner === "object" && inner !== null ? `${host}: ${errorText(inner)}` : `${host}: not asked`,
  );
  return parts.length === 0 ? undefined : parts.join("; ");
}

function codeText(code: unknown): string {
  return typeof code === "number" ? `0x${code.toString(16).padStart(4, "0")}` : String(code);
}
