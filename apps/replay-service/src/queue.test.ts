import { silentLogger } from "@helix/core";
import { describe, expect, test } from "vitest";
import { filesOf, VALID } from "../test/valid-environment.ts";
import { loadConfig } from "./config/load-config.ts";
import { natsReplayerOptions } from "./queue.ts";

const KEY = "a";
const PEM = "-----BEGIN CERTIFICATE-----";
const optionsOf = (env: Record<string, string> = {}) => {
  const { config } = loadConfig({ ...VALID, ...env }, filesOf({ "/creds": "jwt", "/ca": PEM }));
  return natsReplayerOptions(config, silentLogger);
};

describe("the options of the queue", () => {
  test("are what the configuration says", () => {
    const { connect, ...queue } = optionsOf({
      HELIX_NATS_USER: "helix",
      HELIX_NATS_PASSWORD: "secret",
      HELIX_QUEUE_STREAM_NAME: "other",
      HELIX_QUEUE_REPLICAS: "3",
      HELIX_NATS_ALLOW_OLD_SERVER: "true",
    });
    expect(connect).toEqual({
      servers: ["nats-1:4222", "nats-2:4222"],
      name: "helix-replay-service",
      user: "helix",
      pass: expect.toSatisfy((pass) => pass() === "secret"),
    });
    expect(queue).toEqual({
      streamName: "other",
      subjectPrefix: "helix.replay",
      provision: "create",
      adoptGoStream: false,
      maxAgeMs: 86_400_000,
      maxMsgs: 1_000_000,
      maxBytes: 1_073_741_824,
      maxDeadLetters: 1_000_000,
      replicas: 3,
      publishTimeoutMs: 5_000,
      enqueueTimeoutMs: 15_000,
      maxInFlight: 256,
      maxWaiting: 10_000,
      maxWaitingBytes: 134_217_728,
      maxAckPending: 1_000,
      maxRequestBatch: 100,
      ackWaitMs: 30_000,
      sealedOnly: false,
      allowOldServer: true,
      logger: silentLogger,
    });
  });

  test("seal and open with the keys of a setting, or of a file that is read again when another key is wanted", () => {
    const keysOf = (...ids: string[]) =>
      JSON.stringify({ current: ids[0], keys: Object.fromEntries(ids.map((id) => [id, KEY.repeat(64)])) });
    const body = new Uint8Array([1, 2, 3]);
    const { envelope: other } = optionsOf({ HELIX_ENVELOPE_KEYS: keysOf("new") });
    const files = { "/keys": keysOf("old") };
    const env = { ...VALID, HELIX_ENVELOPE_KEYS_FILE: "/keys", HELIX_ENVELOPE_SEALED_ONLY: "true" };
    const { config } = loadConfig(env, (path) => filesOf(files)(path));
    const { envelope, sealedOnly } = natsReplayerOptions(config, silentLogger);
    expect(sealedOnly).toBe(true);
    const sealed = other?.seal(body) as Uint8Array;
    expect(() => envelope?.open(sealed)).toThrow("the key `new`");
    files["/keys"] = keysOf("old", "new");
    expect(envelope?.open(sealed)).toEqual(Buffer.from(body));
  });

  test("insist on TLS if told so, or if there is a file for it", () => {
    expect(optionsOf().connect).not.toHaveProperty("tls");
    expect(optionsOf({ HELIX_NATS_TLS: "false" }).connect).not.toHaveProperty("tls");
    expect(optionsOf({ HELIX_NATS_TLS: "true" }).connect?.tls).toEqual({});
    expect(optionsOf({ HELIX_NATS_TLS_CA_FILE: "/ca" }).connect?.tls).toEqual({ caFile: "/ca" });
    const named = optionsOf({ HELIX_NATS_TLS_SERVER_NAME: "nats.example" });
    expect(named.connect?.tls).toEqual({ serverName: "nats.example" });
  });

  test("name the credentials file, which the client of NATS reads itself", () => {
    expect(optionsOf({ HELIX_NATS_CREDS_FILE: "/creds" }).connect).toMatchObject({ credsFile: "/creds" });
  });
});
