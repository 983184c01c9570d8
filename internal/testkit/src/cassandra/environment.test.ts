import { afterEach, describe, expect, it, vi } from "vitest";
import { type ScriptedCqlServer, startScriptedCqlServer } from "../scripted-cql-server.ts";
import { ProviderUnavailableError } from "../servers/first-usable.ts";
import { useEnvironment } from "./environment.ts";

const servers: ScriptedCqlServer[] = [];

afterEach(async () => {
  vi.unstubAllEnvs();
  await Promise.all(servers.splice(0).map((server) => server.close()));
});

async function given(): Promise<string[]> {
  servers.push(await startScriptedCqlServer(), await startScriptedCqlServer());
  const addresses = servers.map((server) => server.contactPoint);
  stub(...addresses);
  return addresses;
}

function stub(a?: string, b?: string, dataCenter?: string): void {
  vi.stubEnv("HELIX_CASSANDRA_A", a);
  vi.stubEnv("HELIX_CASSANDRA_B", b);
  vi.stubEnv("HELIX_CASSANDRA_DC", dataCenter);
}

const use = (killable = false) =>
  useEnvironment({ killable, onProgress: () => {}, signal: new AbortController().signal });

describe("clusters given by the environment", () => {
  it("are used as they are, and described with their versions", async () => {
    const [a, b] = await given();
    const pair = await use();
    expect([pair.A.contactPoint, pair.B.contactPoint, pair.A.localDataCenter]).toEqual([a, b, "datacenter1"]);
    expect(pair.description).toBe(`Cassandra from the environment: A at ${a} (5.0.0), B at ${b} (5.0.0)`);
  });

  it("may be in another data centre", async () => {
    const [a, b] = await given();
    stub(a, b, "dc7");
    expect((await use()).B.localDataCenter).toBe("dc7");
  });

  it("are never killed or paused", async () => {
    await given();
    const { A } = await use();
    for (const hurt of [A.kill, A.start, A.pause, A.resume])
      await expect(hurt()).rejects.toThrow("HELIX_CASSANDRA_A");
    await expect(use(true)).rejects.toBeInstanceOf(ProviderUnavailableError);
  });

  it("are not there when only one is set", async () => {
    stub("127.0.0.1:9042", undefined);
    await expect(use()).rejects.toBeInstanceOf(ProviderUnavailableError);
  });

  it.each([
    ["localhost", "127.0.0.1:9042", "Expected `HELIX_CASSANDRA_A` to be host:port, got `localhost`"],
    ["127.0.0.1:9042", "127.0.0.1:0", "Expected `HELIX_CASSANDRA_B` to be host:port, got `127.0.0.1:0`"],
    ["127.0.0.1:9042", "127.0.0.1:9042", "are the same: two clusters are needed"],
    ["127.0.0.1:1", "127.0.0.1:2", "No Cassandra answers at 127.0.0.1:"],
  ])("are an error, and no reason to go on, when they are %s and %s", async (a, b, message) => {
    stub(a, b);
    const error = await use().catch((reason) => reason);
    expect(error).not.toBeInstanceOf(ProviderUnavailableError);
    expect(error.message).toContain(message);
  });
});
