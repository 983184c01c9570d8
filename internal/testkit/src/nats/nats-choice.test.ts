import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ProviderUnavailableError } from "../servers/first-usable.ts";
import { type FindLauncher, startFromFirst } from "./nats-choice.ts";
import type { NatsLauncher } from "./nats-node.ts";
import type { NatsLine, NatsOptions, NatsSource } from "./nats-server.ts";

beforeEach(() => vi.stubEnv("HELIX_TESTKIT_PROVIDER", undefined));
afterEach(() => vi.unstubAllEnvs());

/** What is started where only `usable` sources are there: its source, after those that were tried. */
async function choose(usable: readonly NatsSource[], options: NatsOptions = {}): Promise<string[]> {
  const asked: string[] = [];
  const ask = (source: NatsSource) => {
    asked.push(source);
    if (!usable.includes(source)) throw new ProviderUnavailableError(`no ${source} here`);
  };
  const find =
    (source: "containers" | "processes"): FindLauncher =>
    async () => {
      ask(source);
      return { source } as NatsLauncher;
    };
  const environment = async () => ask("environment");
  const launchers = { containers: find("containers"), processes: find("processes") };
  await startFromFirst<unknown>(options, async () => {}, environment, launchers);
  return asked;
}

describe("the choice of a source of NATS", () => {
  it("takes the first that is usable, and asks no further", async () => {
    expect(await choose(["processes"])).toEqual(["environment", "containers", "processes"]);
    expect(await choose(["containers", "processes"])).toEqual(["environment", "containers"]);
  });

  it("asks only the one that was named, by option or environment, the option first", async () => {
    vi.stubEnv("HELIX_TESTKIT_PROVIDER", "processes");
    expect(await choose(["environment", "containers", "processes"])).toEqual(["processes"]);
    expect(await choose(["containers", "processes"], { provider: "containers" })).toEqual(["containers"]);
  });

  it("takes the first where a simulation was asked for, which there is of Cassandra alone", async () => {
    vi.stubEnv("HELIX_TESTKIT_PROVIDER", "simulation");
    expect(await choose(["containers"])).toEqual(["environment", "containers"]);
  });

  it("says what to install, and why each source was not used, where there is none", async () => {
    const error: Error = await choose([]).then(String, (reason) => reason);
    for (const source of ["environment", "containers", "processes"])
      expect(error.message).toContain(`- ${source} not used: no ${source} here\n`);
    expect(error.message).toMatch(/Docker.*nats-server 2\.12.*pip.*Go.*HELIX_NATS_URL/s);
  });

  it("refuses a version and a source that are none", async () => {
    await expect(choose([], { version: "2.10" as NatsLine })).rejects.toThrow(
      "Expected `version` to be one of 2.12, 2.15, got `2.10`",
    );
    await expect(choose([], { provider: "podman" as NatsSource })).rejects.toThrow(
      "Expected `provider` to be one of",
    );
  });
});
