import type { NatsConfig } from "./nats-server.ts";

/** What differs between servers. */
export interface NatsNodeConfig {
  readonly name: string;
  /** The interface to listen on, `0.0.0.0` for all, for clients, `/healthz` and other nodes. */
  readonly listenAddress: string;
  readonly port: number;
  readonly monitorPort: number;
  /** Where the streams go. */
  readonly storeDirectory: string;
  readonly cluster?: NatsClusterConfig | undefined;
  /** What the caller wants beside that. */
  readonly extra: NatsConfig;
}

/** How a node finds the others. */
export interface NatsClusterConfig {
  readonly port: number;
  /** `host:port` of every node's cluster port, its own among them. */
  readonly routes: readonly string[];
  /** `host:port` at which clients reach this node. */
  readonly clientAddress: string;
}

/** A complete configuration file (a superset of JSON). A key that the server does not know stops the start. */
export function natsConfig(node: NatsNodeConfig): string {
  const { jetstream, ...extra } = node.extra;
  const settings = {
    server_name: node.name,
    listen: `${node.listenAddress}:${node.port}`,
    http: `${node.listenAddress}:${node.monitorPort}`,
    ...(node.cluster === undefined ? {} : clusterSettings(node, node.cluster)),
    ...extra,
    jetstream: { store_dir: node.storeDirectory, ...(jetstream as NatsConfig | undefined) },
  };
  // Not a key but a word of the server's language.
  return JSON.stringify(settings, null, 2).replace(/"include": (?=")/g, "include ");
}

function clusterSettings(
  { listenAddress }: NatsNodeConfig,
  { port, routes, clientAddress }: NatsClusterConfig,
) {
  return {
    client_advertise: clientAddress,
    cluster: {
      name: "helix",
      listen: `${listenAddress}:${port}`,
      routes: routes.map((route) => `nats-route://${route}`),
    },
  };
}
