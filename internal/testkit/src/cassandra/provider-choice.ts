import { firstUsable, requestedSource } from "../servers/first-usable.ts";
import type { CassandraPair, PairSource, ProviderContext } from "./cassandra-node.ts";

/** What a pair is started with. */
export interface CassandraPairOptions {
  /** Told what takes long (an image or jars are fetched), a line at a time. @default nobody */
  readonly onProgress?: ((line: string) => void) | undefined;
  /** Whether nodes are going to be killed or paused: then given addresses are not used. @default false */
  readonly killable?: boolean | undefined;
  /**
   * Whether two simulated clusters will do where there are no real ones. For the demo, never for a test.
   * @default false
   */
  readonly allowSimulation?: boolean | undefined;
  /** Gives the start up, a download included; nothing is left behind. */
  readonly signal?: AbortSignal | undefined;
  /** The one source to use. @default `HELIX_TESTKIT_PROVIDER`, else the first that works */
  readonly provider?: PairSource | undefined;
}

/** Brings a pair up, or rejects with `ProviderUnavailableError` where this machine has no such source. */
export type Provider = (context: ProviderContext) => Promise<CassandraPair>;

/** In the order in which they are tried. */
const SOURCES: readonly PairSource[] = ["environment", "containers", "processes", "simulation"];

const ADVICE = `Install Docker (an engine that has or can pull the image cassandra:5.0), or a JDK 17 with Maven, or set \
HELIX_CASSANDRA_A and HELIX_CASSANDRA_B to the host:port of two clusters that may be written to.`;

/**
 * The pair of the first source that is usable, or of the one that was asked for; see `startCassandraPair`.
 */
export async function startFirstUsable(
  providers: Readonly<Record<PairSource, Provider>>,
  options: CassandraPairOptions,
): Promise<CassandraPair> {
  const { killable = false, allowSimulation = false, signal = new AbortController().signal } = options;
  const only = requestedSource(options.provider, SOURCES);
  if (only === "simulation" && !allowSimulation) {
    throw new Error("A simulation was asked for where only real Cassandra will do");
  }
  const context = { killable, signal, onProgress: options.onProgress ?? (() => {}) };
  const candidates = (only === undefined ? SOURCES : [only])
    .filter((source) => source !== "simulation" || allowSimulation)
    .map((source) => [source, () => providers[source](context)] as const);
  const none = (reasons: readonly string[]) =>
    new Error(`No Cassandra to be had here.\n- ${reasons.join("\n- ")}\n${ADVICE}`);
  return firstUsable(candidates, signal, none);
}
