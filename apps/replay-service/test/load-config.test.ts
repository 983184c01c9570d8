import { describe, expect, test } from "vitest";
import { describeConfig } from "../src/config/describe-config.ts";
import { loadConfig } from "../src/config/load-config.ts";
import { filesOf, VALID } from "./valid-environment.ts";

const load = (env: Record<string, string> = {}, files: Record<string, string> = {}) =>
  loadConfig({ ...VALID, ...env }, filesOf(files));

describe("a configuration", () => {
  test("has a default for everything but the addresses", () => {
    const { config } = load();
    expect(config.nats.servers).toEqual(["nats-1:4222", "nats-2:4222"]);
    expect(config.clusterA).toMatchObject({
      name: "A",
      port: 9042,
      localDataCenter: "dc1",
      consistency: "localOne",
    });
    expect(config.worker).toMatchObject({ batchSize: 200, concurrency: 128, strictPriority: false });
    expect(config.clusterB.user).toBeUndefined();
  });

  test("comes from variables, then from the file, then from the defaults", () => {
    const file = JSON.stringify({
      nats: { servers: ["from-file:4222"] },
      worker: { batchSize: 7, concurrency: 8, strictPriority: true },
    });
    const env = { HELIX_CONFIG_FILE: "/c.json", HELIX_WORKER_BATCH_SIZE: "9", HELIX_NATS_SERVERS: "" };
    const { config, origins } = load(env, { "/c.json": file });
    expect(config.worker).toMatchObject({
      batchSize: 9,
      concurrency: 8,
      strictPriority: true,
      maxDeliver: 5,
    });
    expect(config.nats.servers).toEqual(["from-file:4222"]);
    expect(
      ["BATCH_SIZE", "CONCURRENCY", "MAX_DELIVER"].map((name) => origins.get(`HELIX_WORKER_${name}`)),
    ).toEqual(["environment", "/c.json", "default"]);
  });

  test("reads a secret from its file whenever it is asked for, without the end of the line", () => {
    const env = { HELIX_NATS_TOKEN_FILE: "/run/token", HELIX_CONFIG_FILE: "/c.json" };
    const files = {
      "/run/token": "t0ken\n",
      "/run/b": " with spaces \r\n",
      "/c.json": '{"clusterB":{"user":"u","passwordFile":"/run/b"}}',
    };
    const { config } = load(env, files);
    expect(config.nats.token?.()).toBe("t0ken");
    expect(config.clusterB.password?.()).toBe(" with spaces ");
    files["/run/token"] = "an0ther\n";
    expect(config.nats.token?.()).toBe("an0ther");
  });

  test("takes a variable for a secret over the file's path of it", () => {
    const env = { HELIX_NATS_TOKEN: "from variable", HELIX_CONFIG_FILE: "/c.json" };
    const { config } = load(env, { "/c.json": '{"nats":{"tokenFile":"/not/read"}}' });
    expect(config.nats.token?.()).toBe("from variable");
  });
});

test("what --check prints is the effective configuration with its origin, and no secret", () => {
  const token = "canary".repeat(6);
  const env = { HELIX_NATS_TOKEN: "canary", HELIX_ADMIN_READ_TOKENS: token, HELIX_WORKER_BATCH_SIZE: "9" };
  const text = describeConfig(load(env));
  const lines = text.split("\n");
  expect(lines).toContain("HELIX_NATS_SERVERS=nats-1:4222,nats-2:4222  # environment");
  expect(lines).toContain("HELIX_NATS_TOKEN=***  # environment");
  expect(lines).toContain("HELIX_ADMIN_READ_TOKENS=***  # environment");
  expect(lines).toContain("HELIX_WORKER_BATCH_SIZE=9  # environment");
  expect(lines).toContain("HELIX_WORKER_MAX_DELIVER=5  # default");
  expect(lines).toContain("# HELIX_NATS_USER is not set");
  expect(text).not.toContain("canary");
});
