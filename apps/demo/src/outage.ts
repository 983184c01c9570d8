import { type CassandraPair, type FaultProxy, startFaultProxy } from "@helix/testkit";
import type { OutageKind } from "./args.ts";

/** Where something is reached over TCP. */
export interface Address {
  readonly host: string;
  readonly port: number;
  readonly contactPoint: string;
}

/** One way to take cluster B away and to bring it back. */
export interface Outage extends AsyncDisposable {
  /** Where clients reach B: the node itself, or the proxy in front of it. */
  readonly address: Address;
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
      return proxied(await startFaultProxy({ target: B }), "refuse", "connections to cluster B are refused");
    case "blackhole":
      return proxied(
        await startFaultProxy({ target: B }),
        "blackhole",
        "the network to cluster B swallows everything",
      );
  }
}

function direct(
  address: Address,
  announcement: string,
  begin: () => Promise<void>,
  end: () => Promise<void>,
): Outage {
  return { address, announcement, begin, end, [Symbol.asyncDispose]: async () => {} };
}

function proxied(proxy: FaultProxy, mode: "refuse" | "blackhole", announcement: string): Outage {
  return {
    address: proxy,
    announcement,
    begin: async () => proxy.set(mode),
    end: async () => proxy.set("pass"),
    [Symbol.asyncDispose]: () => proxy.close(),
  };
}
