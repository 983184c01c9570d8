export type { NatsConfig, NatsLine, NatsServer, NatsServerOptions, NatsSource } from "./nats-server.ts";
export { startNatsServer } from "./start-nats-server.ts";
