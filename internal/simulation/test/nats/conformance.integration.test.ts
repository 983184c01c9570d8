import { setTimeout as sleep } from "node:timers/promises";
import { type NatsLine, type NatsServer, startNatsServer } from "@helix/testkit/nats";
import { jetstreamManager } from "@nats-io/jetstream";
import { connect, type NatsConnection } from "@nats-io/transport-node";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { modelRig } from "./model-rig.ts";
import { run, type Script } from "./script.ts";
import { SCRIPTS } from "./scripts.ts";

const LINES: readonly NatsLine[] = ["2.12", "2.15"];

async function onModel(script: Script, version: string): Promise<string[]> {
  const { time, connection } = await modelRig({ version });
  const running = run(script, {
    connection: connection.asNatsConnection(),
    wait: (ms) => new Promise((resolve) => void time.schedule(resolve, ms)),
  });
  const lines = await time.until(running, 60_000);
  return lines ?? ["the script did not end"];
}

describe.each(LINES)("the model server, to whoever asks, is nats-server %s", (version) => {
  let server: NatsServer;
  let connection: NatsConnection;

  beforeAll(async () => {
    server = await startNatsServer({ version });
    connection = await connect({ servers: server.url });
  });

  afterEach(async () => {
    const { streams } = await jetstreamManager(connection);
    for await (const { config } of streams.list()) await streams.delete(config.name);
  });

  afterAll(async () => {
    await connection?.close();
    await server?.stop();
  });

  it.each(Object.entries(SCRIPTS))("where %s", async (_, script) => {
    const real = await run(script, { connection, wait: (ms) => sleep(ms) });
    expect(await onModel(script, server.version)).toEqual(real);
  });
});
