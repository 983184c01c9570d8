import { type CassandraAddress, type CassandraPair, type FaultProxy, startFaultProxy } from "@helix/testkit";
import type { OutageKind } from "./args.ts";

/** One way to take cluster B away and to bring it back. */
export interface Outage extends AsyncDisposable {
  /** Where clients reach B: the node itself, or the proxy in front of it. */
  readonly address: CassandraAddress;
  readonly announcement: string;
  begin(): Promise<void>;
  end(): Promise<void>;
}

/** The network's outages go through a proxy; the process's own need none. */
export async function prepareOutage(kind: OutageKind, { B }: CassandraPair): Promise<Outage> {
  switch (kind) {
    case "kill":
      return direct(
        B,
        "cluster B is killed (SIGKILL)",
        () => B.kill(),
        () => B.start(),
      );
    case "freeze":
      return direct(
        B,
        "cluster B is frozen (SIGSTOP)",
        () => B.pause(),
        () => B.resume(),
      );
    case "refuse":
      return proxied(
        B,
        await startFaultProxy({ target: B }),
        "refuse",
        "connections to cluster B are refused",
      );
    case "blackhole":
      return proxied(
        B,
        await startFaultProxy({ target: B }),
        "blackhole",
        "the network to cluster B swallows everything",
      );
  }
}

function direct(
  address: CassandraAddress,
  announcement: string,
  begin: () => Promise<void>,
  end: () => Promise<void>,
): Outage {
  return { address, announcement, begin, end, [Symbol.asyncDispose]: async () => {} };
}

function proxied(
  { localDataCenter }: CassandraAddress,
  proxy: FaultProxy,
  mode: "refuse" | "blackhole",
  announcement: string,
): Outage {
  const { host, port, contactPoint } = proxy;
  return {
    address: { host, port, contactPoint, localDataCenter },
    announcement,
    begin: async () => proxy.set(mode),
    end: async () => proxy.set("pass"),
    [Symbol.asyncDispose]: () => proxy.close(),
  };
}
