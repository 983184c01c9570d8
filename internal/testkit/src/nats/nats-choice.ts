import { type Candidate, firstUsable, requestedSource, type StartContext } from "../servers/first-usable.ts";
import { natsContainers } from "./nats-container.ts";
import type { NatsLauncher } from "./nats-node.ts";
import { natsProcesses } from "./nats-process.ts";
import type { NatsLine, NatsOptions, NatsSource } from "./nats-server.ts";

const LINES: readonly NatsLine[] = ["2.12", "2.15"];
const SOURCES: readonly NatsSource[] = ["environment", "containers", "processes"];

const ADVICE = `Install Docker (an engine that has or can pull the image nats:2.12-alpine), or nats-server 2.12 or later, or \
Python's pip, or Go; or set HELIX_NATS_URL to the nats://host:port of a server that may be written to.`;

/** Gives what starts servers, or rejects with `ProviderUnavailableError` where this machine has no such source. */
export type FindLauncher = (line: NatsLine | undefined, context: StartContext) => Promise<NatsLauncher>;

/** In the order in which they are tried. */
const LAUNCHERS = { containers: natsContainers, processes: natsProcesses } as const;

/**
 * What `start` makes of the first launcher that is usable here, or of the one that was asked for; before them
 * `useEnvironment` is tried. Throws a `TypeError` on a version or a source that is none.
 */
export async function startFromFirst<T>(
  options: NatsOptions,
  start: (launcher: NatsLauncher, signal: AbortSignal) => Promise<T>,
  useEnvironment: () => Promise<T>,
  launchers: Readonly<Record<keyof typeof LAUNCHERS, FindLauncher>> = LAUNCHERS,
): Promise<T> {
  const { version, signal = new AbortController().signal, onProgress = () => {} } = options;
  if (version !== undefined && !LINES.includes(version)) {
    throw new TypeError(`Expected \`version\` to be one of ${LINES.join(", ")}, got \`${version}\``);
  }
  // A simulation is asked for in place of Cassandra; there is none of NATS.
  const only = requestedSource<NatsSource | "simulation">(options.provider, [...SOURCES, "simulation"]);
  const launched = Object.entries(launchers).map(
    ([source, find]): Candidate<T> => [
      source,
      async () => start(await find(version, { signal, onProgress }), signal),
    ],
  );
  const candidates: Candidate<T>[] = [["environment", useEnvironment], ...launched];
  return firstUsable(
    candidates.filter(([source]) => only === undefined || only === "simulation" || source === only),
    signal,
    (reasons) => new Error(`No NATS to be had here.\n- ${reasons.join("\n- ")}\n${ADVICE}`),
  );
}
