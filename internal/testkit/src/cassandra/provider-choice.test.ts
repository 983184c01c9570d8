import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ProviderUnavailableError } from "../servers/first-usable.ts";
import type { CassandraPair, PairSource, ProviderContext } from "./cassandra-node.ts";
import { type Provider, startFirstUsable } from "./provider-choice.ts";

const SOURCES = ["environment", "containers", "processes", "simulation"] as const;

beforeEach(() => vi.stubEnv("HELIX_TESTKIT_PROVIDER", undefined));
afterEach(() => vi.unstubAllEnvs());

/** Providers of which only `usable` are there; `asked` are those that were tried, in order. */
function machine(...usable: PairSource[]) {
  const asked: PairSource[] = [];
  const provider =
    (source: PairSource): Provider =>
    async () => {
      asked.push(source);
      if (usable.includes(source)) return { source } as CassandraPair;
      throw new ProviderUnavailableError(`no ${source} here`);
    };
  const providers = Object.fromEntries(SOURCES.map((source) => [source, provider(source)]));
  return { asked, providers: providers as Record<PairSource, Provider> };
}

describe("the choice of a source", () => {
  it("takes the first that is usable, and asks no further", async () => {
    const { providers, asked } = machine("processes", "simulation");
    const pair = await startFirstUsable(providers, { allowSimulation: true });
    expect([pair.source, asked]).toEqual(["processes", ["environment", "containers", "processes"]]);
  });

  it("says what to install, and why each source was not used, where there is none", async () => {
    const { providers, asked } = machine("simulation");
    const error: Error = await startFirstUsable(providers, {}).catch((reason) => reason);
    for (const source of asked) expect(error.message).toContain(`${source} not used: no ${source} here`);
    expect(error.message).toMatch(/Docker.*JDK 17 with Maven.*HELIX_CASSANDRA_A/s);
    expect(asked).toEqual(["environment", "containers", "processes"]);
  });

  it("falls back to the simulation only where that is allowed", async () => {
    const { providers } = machine("simulation");
    expect((await startFirstUsable(providers, { allowSimulation: true })).source).toBe("simulation");
    await expect(startFirstUsable(providers, { provider: "simulation" })).rejects.toThrow(
      "only real Cassandra",
    );
  });

  it("asks only the one that was named, by option or environment, the option first", async () => {
    vi.stubEnv("HELIX_TESTKIT_PROVIDER", "processes");
    const { providers, asked } = machine("environment", "processes", "containers");
    await startFirstUsable(providers, {});
    await startFirstUsable(providers, { provider: "containers" });
    expect(asked).toEqual(["processes", "containers"]);
  });

  it("refuses a name that is none", async () => {
    vi.stubEnv("HELIX_TESTKIT_PROVIDER", "podman");
    await expect(startFirstUsable(machine().providers, {})).rejects.toThrow(
      "Expected `HELIX_TESTKIT_PROVIDER` to be one of environment, containers, processes, simulation, got `podman`",
    );
  });

  it("does not go on to the next when servers that were there have failed", async () => {
    const { providers, asked } = machine("processes");
    const failure = new Error("it did not start");
    const broken = { ...providers, containers: () => Promise.reject(failure) };
    await expect(startFirstUsable(broken, {})).rejects.toBe(failure);
    expect(asked).toEqual(["environment"]);
  });

  it("rejects with the signal's reason when it is aborted while a source is tried", async () => {
    const { providers, asked } = machine("processes");
    const abort = new AbortController();
    const reason = new Error("given up");
    const containers = async ({ signal }: ProviderContext) => {
      abort.abort(reason);
      throw new ProviderUnavailableError(String(signal.aborted));
    };
    await expect(startFirstUsable({ ...providers, containers }, { signal: abort.signal })).rejects.toBe(
      reason,
    );
    expect(asked).toEqual(["environment"]);
  });
});
