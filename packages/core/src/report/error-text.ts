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
  readonly name?: string | undefined;
  readonly code?: string | number | undefined;
  readonly message?: unknown;
  readonly syscall?: unknown;
  readonly isOurs?: boolean;
}

/** Of an error, what may stand in a log line. */
export class LoggableError {
  readonly name: string;
  readonly code?: string | number;
  readonly text: string;
  /** Where it was thrown: for whoever looks for a fault in a program, of an error whose text may not be told. */
  readonly frames?: readonly string[];

  /** @param text That of its reading, where it has one. */
  constructor(error: unknown, text?: string) {
    const shape = shapeOf(error);
    const { name = typeof error, code } = shape;
    this.name = name;
    if (code !== undefined) this.code = code;
    this.text = boundedText(text ?? errorText(error));
    const frames = text === undefined && !isHarmless(shape) ? framesOf(error) : [];
    if (frames.length > 0) this.frames = frames;
  }
}

const MAX_FRAMES = 10;
const FRAME = /^at [^\n]{0,300}:\d+:\d+\)?$/;

/** Without the message at the head of the stack, which is put together only when somebody reads it. */
function framesOf(error: unknown): readonly string[] {
  const { stack, message } = stackOf(error);
  if (typeof stack !== "string" || typeof message !== "string") return [];
  const head = stack.indexOf(message);
  const lines = stack.slice(head < 0 ? 0 : head + message.length).split("\n", 4 * MAX_FRAMES);
  return lines
    .map((line) => line.trim())
    .filter((line) => FRAME.test(line))
    .slice(0, MAX_FRAMES);
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

function labelOf({ name = "Error", code }: ErrorShape): string {
  if (typeof code === "number") return `${name} 0x${code.toString(16).padStart(4, "0")}`;
  return code === undefined ? name : `${name} ${code}`;
}

function isHarmless({ isOurs, name, syscall }: ErrorShape): boolean {
  return isOurs === true || typeof syscall === "string" || (name !== undefined && HARMLESS.has(name));
}

/** On errors of ours that have no code. In the registry, so that two copies of this package agree. */
const TOLD = Symbol.for("@helix/core/told-error");

/** An error of ours that nobody acts on, and that has no code therefore. Its text may be told, as a `HelixError`'s. */
export function toldError(text: string): Error {
  return Object.defineProperty(new Error(text), TOLD, { value: true });
}

function stackOf(error: unknown): { readonly stack?: unknown; readonly message?: unknown } {
  try {
    const { stack, message } = Object(error) as Readonly<Record<string, unknown>>;
    return { stack, message };
  } catch {
    return {};
  }
}

/** Names and codes are words; an error may come from anywhere. */
const WORD = /^[\w$.-]{1,64}$/;

/** Whatever was thrown, a getter or a proxy that throws as well. */
export function shapeOf(error: unknown): ErrorShape {
  try {
    const { name, code, message, syscall } = Object(error) as Readonly<Record<string, unknown>>;
    return {
      name: wordIn(name),
      code: typeof code === "number" ? code : wordIn(code),
      message,
      syscall,
      isOurs: isHelixError(error) || TOLD in Object(error),
    };
  } catch {
    return {};
  }
}

function wordIn(value: unknown): string | undefined {
  return typeof value === "string" && WORD.test(value) ? value : undefined;
}
