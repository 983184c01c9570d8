import type { DriverOptions } from "@helix/client";
import { silentLogger, silentMetrics } from "@helix/core";
import { expect, test } from "vitest";
import { filesOf, VALID } from "../test/valid-environment.ts";
import { loadConfig } from "./config/load-config.ts";
import { sessionOptions } from "./sessions.ts";

const PEM = "-----BEGIN CERTIFICATE-----";
const optionsOf = (env: Record<string, string> = {}) => {
  const readFile = filesOf({ "/ca": PEM });
  const { config } = loadConfig({ ...VALID, ...env }, readFile);
  return sessionOptions(config, { logger: silentLogger, metrics: silentMetrics, readFile });
};

test("the options of the sessions are what the configuration says", () => {
  const { clusters, ...others } = optionsOf({
    HELIX_CLUSTER_A_NAME: "us_east",
    HELIX_CLUSTER_A_USER: "helix",
    HELIX_CLUSTER_A_PASSWORD: "secret",
    HELIX_CLUSTER_A_CONSISTENCY: "localQuorum",
    HELIX_CLUSTER_B_READ_TIMEOUT_MS: "700",
  });
  expect(clusters).toEqual({
    A: {
      contactPoints: ["10.0.0.1", "10.0.0.2:9142"],
      localDataCenter: "dc1",
      protocolOptions: { port: 9042 },
      queryOptions: { consistency: 6 },
      socketOptions: { connectTimeout: 3_000, readTimeout: 5_000 },
      credentials: { username: "helix", password: expect.toSatisfy((password) => password() === "secret") },
    },
    B: {
      contactPoints: ["10.1.0.1"],
      localDataCenter: "dc2",
      protocolOptions: { port: 9042 },
      queryOptions: { consistency: 10 },
      socketOptions: { connectTimeout: 3_000, readTimeout: 700 },
    },
  });
  expect(others).toMatchObject({
    clusterNames: { A: "us_east", B: "B" },
    requestTimeoutMs: 15_000,
    maxClockOffsetMs: 1_000,
    waitFor: "none",
  });
});

test("the files of TLS are read whenever the driver looks at them", () => {
  const files = { "/ca": PEM };
  const readFile = filesOf(files);
  const { config } = loadConfig({ ...VALID, HELIX_CLUSTER_A_TLS_CA_FILE: "/ca" }, readFile);
  const { clusters } = sessionOptions(config, { logger: silentLogger, metrics: silentMetrics, readFile });
  const { sslOptions } = clusters.A as DriverOptions;
  files["/ca"] = "another";
  expect(sslOptions?.ca).toBe("another");
});

test("a cluster is spoken to by TLS if told so, or if there is a file or a name for it", () => {
  const tlsOf = (env: Record<string, string>) => optionsOf(env).clusters.B;
  expect(tlsOf({})).not.toHaveProperty("sslOptions");
  expect(tlsOf({ HELIX_CLUSTER_B_TLS: "true" })).toMatchObject({ sslOptions: {} });
  expect(tlsOf({ HELIX_CLUSTER_B_TLS_CA_FILE: "/ca" })).toMatchObject({ sslOptions: { ca: PEM } });
  expect(tlsOf({ HELIX_CLUSTER_B_TLS_SERVER_NAME: "b.example" })).toMatchObject({
    sslOptions: { servername: "b.example" },
  });
});
