import type { ConnectOptions, DriverOptions, SessionOptions } from "@helix/client";
import type { Logger, Metrics } from "@helix/core";
import { types } from "cassandra-driver";
import { secureContextOf } from "./config/rules.ts";
import type { ClusterSettings, ServiceConfig } from "./config/schema.ts";
import type { ReadFile } from "./config/sources.ts";

/** The sessions to both clusters, as the client takes them. Waits for none of them. */
export function sessionOptions(
  config: ServiceConfig,
  context: { logger: Logger; metrics: Metrics; readFile: ReadFile },
): SessionOptions & ConnectOptions {
  const { logger, metrics, readFile } = context;
  return {
    clusters: { A: driverOptions(config.clusterA, readFile), B: driverOptions(config.clusterB, readFile) },
    clusterNames: clusterNames(config),
    requestTimeoutMs: config.request.timeoutMs,
    maxClockOffsetMs: config.request.maxClockOffsetMs,
    waitFor: "none",
    logger,
    metrics,
  };
}

export function clusterNames(config: Pick<ServiceConfig, "clusterA" | "clusterB">): { A: string; B: string } {
  return { A: config.clusterA.name, B: config.clusterB.name };
}

function driverOptions(cluster: ClusterSettings, readFile: ReadFile): DriverOptions {
  const { contactPoints, localDataCenter, port, user, password, consistency } = cluster;
  const secure = secureContextOf(cluster, readFile);
  const usesTls = cluster.tls ?? Object.keys(secure).length > 0;
  return {
    contactPoints: [...contactPoints],
    localDataCenter,
    protocolOptions: { port },
    queryOptions: { consistency: types.consistencies[consistency] },
    socketOptions: { connectTimeout: cluster.connectTimeoutMs, readTimeout: cluster.readTimeoutMs },
    ...(user !== undefined && password !== undefined && { credentials: { username: user, password } }),
    ...(usesTls && { sslOptions: secure }),
  };
}
