import net from "node:net";
import { afterEach, describe, expect, it, vi } from "vitest";
import { listenOnFreePort } from "../ports.ts";
import { ProviderUnavailableError } from "../servers/first-usable.ts";
import { useNatsEnvironment } from "./nats-environment.ts";

const servers: net.Server[] = [];

afterEach(async () => {
  vi.unstubAllEnvs();
  await Promise.all(servers.splice(0).map((server) => new Promise((closed) => server.close(closed))));
});

/** A server that greets as NATS does; resolves with its port. */
function greeter(info: object): Promise<number> {
  const server = net.createServer((socket) => socket.end(`INFO ${JSON.stringify(info)} \r\n`));
  servers.push(server);
  return listenOnFreePort(server, "127.0.0.1");
}

async function given(version = "2.14.5"): Promise<string> {
  const port = await greeter({ server_name: "theirs", version, jetstream: true });
  const url = `nats://me:secret@127.0.0.1:${port}`;
  vi.stubEnv("HELIX_NATS_URL", url);
  return url;
}

describe("a server given by the environment", () => {
  it("is used as it is, and described without its password", async () => {
    const url = await given();
    const server = await useNatsEnvironment({});
    expect([server.url, server.name, server.version, server.source]).toEqual([
      url,
      "theirs",
      "2.14.5",
      "environment",
    ]);
    expect(server.description).toMatch(/^NATS 2\.14\.5 from the environment at 127\.0\.0\.1:\d+$/);
  });

  it("is never killed or paused, but may be stopped, which leaves it as it is", async () => {
    await given();
    const server = await useNatsEnvironment({});
    const { kill, terminate, start, restart, pause, resume } = server;
    for (const hurt of [kill, terminate, start, restart, pause, resume])
      await expect(hurt()).rejects.toThrow("HELIX_NATS_URL");
    await server.stop();
    await useNatsEnvironment({});
  });

  it.each([
    ["the server is going to be killed", { killable: true }],
    ["settings are asked for", { config: { max_payload: 1 } }],
    ["it is 2.14.5, and 2.12 is wanted", { version: "2.12" }],
  ] as const)("is not used where %s", async (reason, options) => {
    await given();
    const use = useNatsEnvironment(options);
    await expect(use).rejects.toBeInstanceOf(ProviderUnavailableError);
    await expect(use).rejects.toThrow(reason);
  });

  it("is not there when it is not set", async () => {
    vi.stubEnv("HELIX_NATS_URL", undefined);
    await expect(useNatsEnvironment({})).rejects.toBeInstanceOf(ProviderUnavailableError);
  });

  it.each([
    ["http://127.0.0.1:4222", "Expected `HELIX_NATS_URL` to be nats://host:port"],
    ["me:secret@host", "Expected `HELIX_NATS_URL` to be nats://host:port"],
    ["nats://127.0.0.1:1", "No NATS answers at 127.0.0.1:1"],
  ])("is an error, and no reason to go on, when it is %s", async (url, message) => {
    vi.stubEnv("HELIX_NATS_URL", url);
    const error = await useNatsEnvironment({}).catch((reason) => reason);
    expect(error).not.toBeInstanceOf(ProviderUnavailableError);
    expect(error.message).toBe(message);
  });

  it("is an error when it has no JetStream", async () => {
    const port = await greeter({ server_name: "theirs", version: "2.14.5" });
    vi.stubEnv("HELIX_NATS_URL", `nats://127.0.0.1:${port}`);
    await expect(useNatsEnvironment({})).rejects.toThrow("has no JetStream");
  });
});
