import { setTimeout as after } from "node:timers/promises";
import { CLUSTERS, type ClusterId } from "@helix/core";
import type { CassandraPair, FaultProxy } from "@helix/testkit";

/** One way to take a cluster away, and to bring it back. */
interface Outage {
  readonly name: string;
  begin(cluster: ClusterId): Promise<unknown>;
  end(cluster: ClusterId): Promise<unknown>;
}

/** Minute by minute another outage, of A, of B or of both. */
export class Outages {
  readonly #kinds: readonly Outage[];

  constructor(pair: CassandraPair, proxies: Readonly<Record<ClusterId, FaultProxy>>) {
    const network = (name: string, mode: Parameters<FaultProxy["set"]>[0]): Outage => ({
      name,
      begin: (cluster) => proxies[cluster].set(mode),
      end: (cluster) => proxies[cluster].set("pass"),
    });
    this.#kinds = [
      { name: "kill -9", begin: (cluster) => pair[cluster].kill(), end: (cluster) => pair[cluster].start() },
      network("refused", "refuse"),
      {
        name: "SIGSTOP",
        begin: (cluster) => pair[cluster].pause(),
        end: (cluster) => pair[cluster].resume(),
      },
      network("black hole", "blackhole"),
      network("half-open", "half-open"),
      network("delay of 2 s", { delayMs: 2_000 }),
      cuts(proxies),
    ];
  }

  /** What the outage of a minute is called, and whom it hits. */
  at(minute: number): { readonly name: string; readonly clusters: readonly ClusterId[] } {
    const { name } = this.#kind(minute);
    // Seven kinds and three targets: each kind comes to each target.
    return { name, clusters: ([["B"], ["A"], CLUSTERS] as const)[minute % 3] ?? CLUSTERS };
  }

  async play(minute: number, lengthMs: number): Promise<void> {
    const { clusters } = this.at(minute);
    const { begin, end } = this.#kind(minute);
    await Promise.all(clusters.map(begin));
    await after(lengthMs);
    await Promise.all(clusters.map(end));
  }

  #kind(minute: number): Outage {
    const kind = this.#kinds[minute % this.#kinds.length];
    if (kind === undefined) throw new Error("There is no outage");
    return kind;
  }
}

/** Every connection reset twice a second. */
function cuts(proxies: Readonly<Record<ClusterId, FaultProxy>>): Outage {
  const timers = new Map<ClusterId, NodeJS.Timeout>();
  return {
    name: "cut twice a second",
    begin: async (cluster) =>
      void timers.set(
        cluster,
        setInterval(() => proxies[cluster].cut(), 500),
      ),
    end: async (cluster) => clearInterval(timers.get(cluster)),
  };
}
