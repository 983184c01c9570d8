import { type CassandraPair, type FaultProxy, startFaultProxy } from "@helix/testkit";
import type { OutageKind } from "./args.ts";

/** One way to take cluster B away and to bring it back. */
export interface Outage {
  /** Where the client reaches B: the node itself, or the proxy in front of it. */
  readonly contactPoint: string;
  readonly announcement: string;
  begin(): Promise<void>;
  end(): Promise<void>;
  close(): Promise<void>;
}

/** The network's outages go through a proxy; the process's own need none. */
export async function prepareOutage(kind: OutageKind, { B }: CassandraPair): Promise<Outage> {
  switch (kind) {
    case "kill":
      return direct(
        B.contactPoint,
        "cluster B is killed (SIGKILL)",
        () => B.kill(),
        () => B.start(),
      );
    case "freeze":
      return direct(
        B.contactPoint,
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
  contactPoint: string,
  announcement: string,
  begin: () => Promise<void>,
  end: () => Promise<void>,
): Outage {
  return { contactPoint, announcement, begin, end, close: async () => {} };
}

function proxied(proxy: FaultProxy, mode: "refuse" | "blackhole", announcement: string): Outage {
  return {
    contactPoint: proxy.contactPoint,
    announcement,
    begin: async () => proxy.set(mode),
    end: async () => proxy.set("pass"),
    close: () => proxy.close(),
  };
}
