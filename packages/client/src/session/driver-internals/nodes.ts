import type { Client } from "cassandra-driver";
import { member } from "./member.ts";

/** A node as its own cluster knows it. */
export interface DriverNode {
  readonly hostId: string;
  readonly dataCenter: string;
}

/** The nodes that the driver has read of `system.local` and `system.peers`, those without an id left out. */
export function nodesOf(client: Client): DriverNode[] {
  const values = member(client.hosts, "values");
  if (typeof values !== "function") return [];
  return (values.call(client.hosts) as readonly unknown[]).flatMap((host) => {
    const [hostId, dataCenter] = [member(host, "hostId"), member(host, "datacenter")];
    if (hostId === null || hostId === undefined) return [];
    return [{ hostId: String(hostId), dataCenter: String(dataCenter ?? "unknown") }];
  });
}
