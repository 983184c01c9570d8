import { readFileSync } from "node:fs";
import { hostname } from "node:os";
import { fileURLToPath } from "node:url";
import { systemClock } from "@helix/core";
import { harmlessLogger } from "@helix/core/internal";
import { describeConfig } from "./config/describe-config.ts";
import { ConfigError, type LoadedConfig, loadConfig } from "./config/load-config.ts";
import type { Environment } from "./config/sources.ts";
import { EXIT } from "./exit-codes.ts";
import { firstLine } from "./first-line.ts";
import { LogOutput, type LogStream } from "./log-output.ts";
import { describeError, pinoLogger } from "./pino-logger.ts";
import type { OpenQueue } from "./queue.ts";
import { RateLimitedLogger } from "./rate-limited-logger.ts";
import { runService, ServiceRefusedError } from "./service.ts";
import { STOP_SIGNALS, type StopSignals } from "./stop-signals.ts";

/** Same cause, same line: once in so long. */
const LOG_WINDOW_MS = 10_000;
/** So long an exit waits for whoever reads the log. */
const LAST_LINES_MS = 1_000;

const USAGE = `The Helix replay service: executes failed writes again on the cluster that missed them.

  replay-service            runs until SIGTERM
  replay-service --check    prints the effective configuration, secrets masked, and ends
  replay-service --help     prints this text

It is configured by HELIX_... variables and an optional HELIX_CONFIG_FILE.
Exit code: 0 in order, 64 configuration, 69 refused, 70 internal, 75 not in order, 129, 130 or 143 second signal.
`;

/** What of `process` is touched here. */
export interface Host {
  readonly argv: readonly string[];
  readonly env: Environment;
  /** Of Node. */
  readonly version: string;
  readonly stdout: LogStream;
  readonly stderr: { write(text: string): unknown };
  on(event: string, listener: (...args: unknown[]) => void): unknown;
  exit(code: number): void;
}

/**
 * The program, from its arguments to its exit code. The first SIGTERM, SIGINT or SIGHUP stops it in order,
 * the second ends it at once.
 */
export async function runProcess(
  host: Host,
  signals: StopSignals,
  openQueue: OpenQueue,
  logTo: LogStream = host.stdout,
): Promise<number> {
  const [flag, ...more] = host.argv.slice(2);
  if (flag === "--help" && more.length === 0) {
    host.stdout.write(USAGE);
    return EXIT.ok;
  }
  if ((flag !== undefined && flag !== "--check") || more.length > 0) {
    host.stderr.write(`Expected one argument at most, of those below, got ${flagsOf(host.argv)}\n\n${USAGE}`);
    return EXIT.configuration;
  }
  let loaded: LoadedConfig;
  try {
    loaded = loadConfig(host.env, readFile);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const count = error.mistakes.length === 1 ? "One mistake" : `${error.mistakes.length} mistakes`;
    host.stderr.write(
      `${count} in the configuration:\n${error.mistakes.map((one) => `  ${one}\n`).join("")}`,
    );
    return EXIT.configuration;
  }
  if (flag === "--check") {
    host.stdout.write(describeConfig(loaded));
    return EXIT.ok;
  }
  return serve(host, signals, loaded, openQueue, logTo);
}

async function serve(
  host: Host,
  signals: StopSignals,
  { config }: LoadedConfig,
  openQueue: OpenQueue,
  logTo: LogStream,
): Promise<number> {
  const output = new LogOutput(logTo, (dropped) =>
    log.warn({ dropped }, "lines were left out: whoever reads the log did not take them"),
  );
  const build = { version: versionOf(), node: host.version };
  const pod = hostname();
  const log = pinoLogger(config.log.level, output, { pod, version: build.version });
  const limited = new RateLimitedLogger({ logger: log, clock: systemClock, windowMs: LOG_WINDOW_MS });
  const logger = harmlessLogger(limited, describeError);
  /** Nothing comes after it: what was held back is told before. */
  const lastLine = (level: "info" | "warn" | "error", fields: object, message: string) => {
    limited.flush();
    log[level](fields, message);
  };
  const exit = (code: number) => output.drain(LAST_LINES_MS, () => host.exit(code));
  const tellFault = (error: unknown) =>
    lastLine("error", { error, frames: framesOf(error) }, "a fault of the service itself; it ends");
  const fault = (error: unknown) => {
    tellFault(error);
    exit(EXIT.internal);
  };
  host.on("uncaughtException", fault);
  host.on("unhandledRejection", fault);
  const stop = new AbortController();
  signals.listen((signal) => {
    if (stop.signal.aborted) {
      lastLine("warn", { signal }, "a second signal: the service ends at once");
      exit(EXIT.signal + STOP_SIGNALS[signal]);
      return;
    }
    log.info({ signal }, "told to stop");
    stop.abort();
  });
  log.info(firstLine(config, host.version), "the Helix replay service starts");
  try {
    const { inOrder } = await runService({
      config,
      openQueue,
      logger,
      readFile,
      build,
      host: pod,
      stop: stop.signal,
    });
    lastLine("info", { inOrder }, "the service has stopped");
    return inOrder ? EXIT.ok : EXIT.unfinished;
  } catch (error) {
    if (error instanceof ServiceRefusedError) {
      lastLine("error", { error: error.cause }, "the service has ended, as it is refused");
      return EXIT.refused;
    }
    tellFault(error);
    return EXIT.internal;
  } finally {
    await new Promise<void>((resolve) => output.drain(LAST_LINES_MS, resolve));
  }
}

/** Of the package, from source or built. */
function versionOf(): string {
  const { version } = JSON.parse(readFile(fileURLToPath(new URL("../package.json", import.meta.url))));
  return version;
}

/** Without their values, a password perhaps. */
function flagsOf(argv: readonly string[]): string {
  const shown = argv.slice(2).map((one) => (one.startsWith("-") ? one.split("=", 1)[0] : "a value"));
  return shown.join(", ");
}

function readFile(path: string): string {
  return readFileSync(path, "utf8");
}

/** Where it was thrown, without the message at the head of the stack, which may quote a value. */
function framesOf(error: unknown): string[] {
  const { stack } = (error ?? {}) as { stack?: unknown };
  if (typeof stack !== "string") return [];
  return stack
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => /^at .*:\d+:\d+\)?$/.test(line));
}
