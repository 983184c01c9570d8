import type { Logger } from "@helix/core";
import { boundedFields, harmlessLogger, LoggableError } from "@helix/core/internal";
import { type DestinationStream, pino } from "pino";
import type { ServiceConfig } from "./config/schema.ts";
import { errorText } from "./error-text.ts";

/** What is in every line. */
export interface LineBase {
  /** Which process of many it is. */
  readonly pod: string;
  readonly version: string;
}

/** What pino writes itself: a field of that name would be there twice. */
const OWN_KEYS = new Set(["time", "level", "message", "pod", "version"]);

/** Fields in which somebody's error stands, whatever was thrown. */
const ERROR_FIELDS = new Set(["error", "err", "cause"]);

/**
 * The packages' logger on pino: a JSON line per fact, with `time`, `level`, `message`, `pod` and `version`; a field of one of
 * these names is called `message_` and so on. Of an error it writes name, code and what {@link errorText} lets through,
 * never a stack or a `cause`, where a bound value may stand. A line is bounded, whatever it is of.
 */
export function pinoLogger(
  level: ServiceConfig["log"]["level"],
  destination: DestinationStream,
  base: LineBase,
): Logger {
  const log = pino(
    {
      level,
      base: { ...base },
      messageKey: "message",
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    destination,
  );
  return harmlessLogger({
    debug: (fields, message) => log.debug(withoutValues(fields), message),
    info: (fields, message) => log.info(withoutValues(fields), message),
    warn: (fields, message) => log.warn(withoutValues(fields), message),
    error: (fields, message) => log.error(withoutValues(fields), message),
  });
}

function withoutValues(fields: object): object {
  const safe: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(fields)) {
    if (value === undefined) continue;
    const isError = value instanceof Error || ERROR_FIELDS.has(name);
    safe[keyOf(name)] = isError ? describeError(value) : value;
  }
  // Once more, since an error may have brought more.
  return boundedFields(safe);
}

function keyOf(name: string): string {
  if (OWN_KEYS.has(name)) return `${name}_`;
  // One name for it, whatever a package calls it.
  return name === "err" ? "error" : name;
}

function describeError(error: unknown): object {
  if (error instanceof LoggableError) return error;
  const { differences } = (error ?? {}) as { differences?: unknown };
  return {
    ...new LoggableError(error, errorText(error)),
    ...(differences !== undefined && { differences }),
  };
}
