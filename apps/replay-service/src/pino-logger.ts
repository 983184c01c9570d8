import { isHelixError, type Logger } from "@helix/core";
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
  return harmlessLogger(
    {
      debug: (fields, message) => log.debug(withOurKeys(fields), message),
      info: (fields, message) => log.info(withOurKeys(fields), message),
      warn: (fields, message) => log.warn(withOurKeys(fields), message),
      error: (fields, message) => log.error(withOurKeys(fields), message),
    },
    describeError,
  );
}

function withOurKeys(fields: object): object {
  const told = Object.entries(fields).filter(([, value]) => value !== undefined);
  return Object.fromEntries(told.map(([name, value]) => [keyOf(name), value]));
}

function keyOf(name: string): string {
  if (OWN_KEYS.has(name)) return `${name}_`;
  // One name for it, whatever a package calls it.
  return name === "err" ? "error" : name;
}

/** By the variables that an operator sets, where it is about options. */
export function describeError(error: unknown): LoggableError {
  const described = new LoggableError(error, errorText(error));
  if (!isHelixError(error, "HELIX_TOPOLOGY_DRIFT")) return described;
  return Object.assign(described, boundedFields({ differences: error.differences }));
}
