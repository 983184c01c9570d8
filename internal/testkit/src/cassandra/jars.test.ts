import { createHash } from "node:crypto";
import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ProviderUnavailableError } from "../servers/first-usable.ts";
import { waitFor } from "../wait-for.ts";
import { CASSANDRA_VERSION, cassandraJars } from "./jars.ts";

const JAVA = { command: "java", version: 17 };

let directory: string;
let cache: string;
let progress: string[];

beforeEach(async () => {
  directory = await mkdtemp(path.join(os.tmpdir(), "helix-jars-"));
  cache = path.join(directory, "cache", "helix-testkit");
  progress = [];
});

afterEach(() => rm(directory, { recursive: true }));

/** A Maven that runs `script` with the output directory as `$output`. */
async function maven(script: string): Promise<NodeJS.ProcessEnv> {
  const bin = path.join(directory, "bin");
  await mkdir(bin, { recursive: true });
  const text = `#!/bin/sh
[ "$1" = --version ] && exit
for argument; do case $argument in -DoutputDirectory=*) output=\${argument#*=} ;; esac; done
${script}
`;
  await writeFile(path.join(bin, "mvn"), text, { mode: 0o755 });
  return { PATH: `${bin}:${process.env.PATH}`, XDG_CACHE_HOME: path.join(directory, "cache") };
}

async function fetch(
  env: NodeJS.ProcessEnv,
  signal = new AbortController().signal,
  sha256 = EMPTY_A_AND_B,
): Promise<string> {
  return cassandraJars(JAVA, { env, signal, onProgress: (line) => progress.push(line) }, sha256);
}

const lineOf = (name: string) => `${name} ${createHash("sha256").digest("hex")}\n`;
const EMPTY_A_AND_B = createHash("sha256")
  .update(lineOf("a.jar") + lineOf("b.jar"))
  .digest("hex");

const COMPLETE = `mkdir "$output" && touch "$output/a.jar" "$output/b.jar"`;

describe("the jars of Cassandra", () => {
  it("are fetched once, with a line of progress", async () => {
    const env = await maven(COMPLETE);
    const jars = await fetch(env);
    expect(jars).toBe(path.join(cache, `cassandra-${CASSANDRA_VERSION}`));
    expect(await readdir(jars)).toEqual(["a.jar", "b.jar"]);
    expect(await fetch({ ...env, PATH: directory })).toBe(jars);
    expect(progress).toHaveLength(1);
  });

  it("are refused if they are others than those that were checked, and nothing of them is kept", async () => {
    const env = await maven(`${COMPLETE} && echo more >"$output/b.jar"`);
    await expect(fetch(env)).rejects.toThrow(
      /Maven has fetched other jars than those of [0-9a-f]{64}: [0-9a-f]{64}/,
    );
    expect(await readdir(cache)).toEqual([]);
  });

  it("are complete when several fetch them at once, and nothing else is left", async () => {
    const env = await maven(COMPLETE);
    const [one, two, three] = await Promise.all([fetch(env), fetch(env), fetch(env)]);
    expect([two, three]).toEqual([one, one]);
    expect(await readdir(cache)).toEqual([path.basename(one)]);
    expect(await readdir(one)).toEqual(["a.jar", "b.jar"]);
  });

  it("are not half there after an abort in the middle, which leaves nothing", async () => {
    const env = await maven(`mkdir "$output" && touch "$output/a.jar" && exec sleep 60`);
    const abort = new AbortController();
    const reason = new Error("given up");
    const fetching = fetch(env, abort.signal);
    fetching.catch(() => {});
    const half = async () =>
      (await readdir(cache, { recursive: true })).some((name) => name.endsWith("a.jar"));
    await waitFor(half, { timeoutMs: 5_000, describe: "half is there" });
    abort.abort(reason);
    await expect(fetching).rejects.toBe(reason);
    expect(await readdir(cache)).toEqual([]);
  });

  it("are not to be had where Maven fails, which is told in its own words", async () => {
    const env = await maven(`echo "[INFO] so far"; echo "[ERROR] no such host"; exit 1`);
    const failure = fetch(env);
    await expect(failure).rejects.toBeInstanceOf(ProviderUnavailableError);
    await expect(failure).rejects.toThrow("Maven could not fetch Cassandra ([ERROR] no such host)");
    expect(await readdir(cache)).toEqual([]);
  });

  it("are not to be had without Maven", async () => {
    const env = { PATH: directory, XDG_CACHE_HOME: directory };
    await expect(fetch(env)).rejects.toThrow("no Maven (`mvn`) to fetch Cassandra with");
  });
});
