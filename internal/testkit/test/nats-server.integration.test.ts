import { jetstream, jetstreamManager } from "@nats-io/jetstream";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type NatsServer, startNatsServer } from "../src/nats/index.ts";
import { connectTo, store, stored } from "./nats-messages.ts";

describe.each(["2.12", "2.15"] as const)("a nats-server of line %s", (version) => {
  let server: NatsServer;

  beforeAll(async () => {
    server = await startNatsServer({ version, killable: true });
  });

  afterAll(() => server?.stop());

  it("has JetStream, and says what it is", async () => {
    const connection = await connectTo(server.url);
    await store(connection, "HERE", 1);
    expect(await stored(connection, "HERE")).toBe(1);
    expect(server.version.startsWith(`${version}.`)).toBe(true);
    expect(connection.info?.version).toBe(server.version);
    expect(server.description).toContain(`NATS ${server.version}, a `);
  });

  it("keeps its address and every acknowledged message when it is killed and started again", async () => {
    const { url } = server;
    await store(await connectTo(server.url), "KILLED", 200);
    await server.kill();
    await expect(connectTo(server.url)).rejects.toThrow();
    await server.start();
    expect(await stored(await connectTo(server.url), "KILLED")).toBe(200);
    expect(server.url).toBe(url);
  });

  it("keeps them when it is ended in good order and started again", async () => {
    await store(await connectTo(server.url), "ENDED", 20);
    await server.terminate();
    await expect(connectTo(server.url)).rejects.toThrow();
    await server.start();
    await server.restart();
    expect(await stored(await connectTo(server.url), "ENDED")).toBe(20);
  });

  it("answers nothing while it is paused, and what has piled up when it is resumed", async () => {
    const connection = await connectTo(server.url);
    await server.pause();
    let answered = false;
    const flushed = connection.flush().then(() => {
      answered = true;
    });
    await expect(connectTo(server.url, { timeout: 300 })).rejects.toThrow("timeout");
    expect(answered).toBe(false);
    await server.resume();
    await flushed;
  });

  it("can be killed or ended while it is paused, and twice", async () => {
    await server.pause();
    await server.kill();
    await server.kill();
    await expect(server.resume()).rejects.toThrow("not running");
    await server.start();
    await server.pause();
    await server.terminate();
    await server.terminate();
    await server.start();
    await connectTo(server.url);
  });
});

it("a nats-server is gone for good once it is stopped, twice", async () => {
  const server = await startNatsServer({ killable: true });
  await connectTo(server.url);
  await server.stop();
  await server.stop();
  await expect(connectTo(server.url)).rejects.toThrow();
  await expect(server.start()).rejects.toThrow();
});

describe("the settings of a nats-server", () => {
  it("enforce users, their rights and limits", async () => {
    const users = [
      { user: "app", password: "a", permissions: { publish: ["helix.replay.>"], subscribe: ["_INBOX.>"] } },
      { user: "admin", password: "b" },
    ];
    await using server = await startNatsServer({
      config: { authorization: { users }, max_payload: 2_048, jetstream: { max_file_store: 1_000_000 } },
    });
    await expect(connectTo(server.url)).rejects.toThrow(/authorization/i);
    await expect(connectTo(server.url, { user: "app", pass: "b" })).rejects.toThrow(/authorization/i);

    const admin = await connectTo(server.url, { user: "admin", pass: "b" });
    expect(admin.info?.max_payload).toBe(2_048);
    await store(admin, "helix", 1);
    const manager = await jetstreamManager(admin);
    const large = manager.streams.add({ name: "LARGE", subjects: ["large"], max_bytes: 2_000_000 });
    await expect(large).rejects.toThrow("insufficient storage");

    const app = await connectTo(server.url, { user: "app", pass: "a" });
    await expect(app.request("helix.0", "x", { timeout: 2_000 })).rejects.toThrow(/permission/i);
    const { seq } = await jetstream(app).publish("helix.replay.high", "x");
    expect(seq).toBe(2);
  });

  it("are told in the server's own words where it does not know them", async () => {
    await expect(startNatsServer({ config: { max_paylod: 1 } })).rejects.toThrow(
      /did not start.*max_paylod/s,
    );
  });
});
