export { withDeployedUsers } from "./deployed-users.ts";
export { type ApiRequest, goStreamRequests } from "./go-stream.ts";
export type {
  NatsCluster,
  NatsClusterOptions,
  NatsConfig,
  NatsLine,
  NatsOptions,
  NatsServer,
  NatsServerOptions,
  NatsSource,
} from "./nats-server.ts";
export { startNatsCluster } from "./start-nats-cluster.ts";
export { startNatsServer } from "./start-nats-server.ts";
