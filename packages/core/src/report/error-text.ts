import { isHelixError } from "../errors.ts";
import { boundedText } from "./bounded-text.ts";

/** Errors of connections whose own words quote no payload, by name: of the NATS client. */
const HARMLESS = new Set([
  "AuthorizationError",
  "ClosedConnectionError",
  "ConnectionError",
  "JetStreamApiError",
  "JetStreamNotEnabled",
  "NoRespondersError",
  "PermissionViolationError",
  "RequestError",
  "TimeoutError",
]);

interface ErrorShape {
  readonly name?: unknown;
  readonly code?: unknown;
  readonly message?: unknown;
  readonly syscall?: unknown;
  readonly isOurs?: boolean;
  /** Of its own, beyond those of every error. */
  readonly keys: readonly string[];
}

/** Of a failed execution, what may stand in a log line. */
export class LoggableError {
  readonly name: string;
  readonly code?: string | number;
  readonly text: string;

  /** @param text That of its reading, where it has one. */
  constructor(error: unknown, text = errorText(error)) {
    const { name, code } = shapeOf(error);
    this.name = typeof name === "string" ? boundedText(name) : typeof error;
    if (typeof code === "string" || typeof code === "number")
      this.code = typeof code === "string" ? boundedText(code) : code;
    this.text = boundedText(text);
  }
}

/**
 * What may be told of an error in a log line or an answer: its text if that is known to quote no value, else
 * its name and code. What executes a statement may put the value that it refuses into its text, and values are
 * personal data; the whole text is with the dead letter. Never throws.
 */
export function errorText(error: unknown): string {
  if (typeof error !== "object" || error === null) return `a thrown ${typeof error}`;
  const shape = shapeOf(error);
  const { message } = shape;
  const isTold = typeof message === "string" && message !== "" && isHarmless(shape);
  return isTold ? boundedText(message) : labelOf(shape);
}

/** Name and code of an error, which quote nothing. Never throws. */
export function errorLabel(error: unknown): string {
  return labelOf(shapeOf(error));
}

function labelOf({ name, code }: ErrorShape): string {
  const label = typeof name === "string" ? boundedText(name) : "Error";
  if (typeof code === "number") return `${label} 0x${code.toString(16).padStart(4, "0")}`;
  return typeof code === "string" ? `${label} ${boundedText(code)}` : label;
}

function isHarmless({ isOurs, name, syscall, keys }: ErrorShape): boolean {
  if (isOurs === true || typeof syscall === "string") return true;
  // A plain error is one of our packages', unless somebody has marked it as that of a request.
  if (name === "Error") return keys.every((key) => key === "outcome");
  return typeof name === "string" && HARMLESS.has(name);
}

/** Whatever was thrown, a getter or a proxy that throws as well. */
function shapeOf(error: unknown): ErrorShape {
  try {
    const { name, code, message, syscall } = Object(error) as ErrorShape;
    return { name, code, message, syscall, isOurs: isHelixError(error), keys: Object.keys(Object(error)) };
  } catch {
    return { keys: [] };
  }
}
