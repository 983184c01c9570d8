import { execFile } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdir, readFile, rename } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import type { StartContext } from "./first-usable.ts";
import { type GuardedCommand, Guardian } from "./guardian.ts";

const FETCH_TIMEOUT_MS = 600_000;

/** The environment of the programs that fetch, and who waits. */
export interface FetchContext extends StartContext {
  readonly env: NodeJS.ProcessEnv;
}

/**
 * The directory `name` of the user's cache, filled by `fetch` the first time, which makes it inside of
 * `workspace.directory` and resolves with its path. It appears in the cache complete or not at all, however
 * many processes fetch it at once or are killed while they do.
 */
export async function fetchedOnce(
  name: string,
  { env }: Pick<FetchContext, "env">,
  fetch: (workspace: Guardian, target: string) => Promise<string>,
): Promise<string> {
  const cache = path.join(env.XDG_CACHE_HOME || path.join(os.homedir(), ".cache"), "helix-testkit");
  const target = path.join(cache, name);
  if (existsSync(target)) return target;
  await mkdir(cache, { recursive: true });
  const workspace = await Guardian.open(path.join(cache, "fetch-XXXXXX"));
  try {
    const fetched = await fetch(workspace, target);
    // Another process may have been faster: what it has is as good as this.
    await rename(fetched, target).catch((error) => {
      if (!existsSync(target)) throw error;
    });
    return target;
  } finally {
    await workspace.close();
  }
}

/**
 * Runs a command to its end, ten minutes at most. Resolves with undefined where it succeeds, otherwise with the
 * lines that it said, or with one that says that time was up; rejects with the signal's reason on abort.
 */
export async function fetchFailure(
  workspace: Guardian,
  command: Omit<GuardedCommand, "log">,
  signal: AbortSignal,
): Promise<readonly string[] | undefined> {
  signal.throwIfAborted();
  const log = path.join(workspace.directory, "fetch.log");
  const timeUp = AbortSignal.timeout(FETCH_TIMEOUT_MS);
  const child = workspace.spawn({ ...command, log });
  try {
    const [code] = await once(child, "exit", { signal: AbortSignal.any([signal, timeUp]) });
    if (code === 0) return undefined;
  } catch {
    signal.throwIfAborted();
  }
  if (timeUp.aborted) return [`not done in ${FETCH_TIMEOUT_MS / 60_000} minutes`];
  return (await readFile(log, "utf8")).split("\n").filter((line) => line.trim() !== "");
}

/** Whether a program is there and runs. Rejects with the signal's reason on abort. */
export async function runs(
  command: string,
  args: readonly string[],
  { env, signal }: Pick<FetchContext, "env" | "signal">,
): Promise<boolean> {
  try {
    await promisify(execFile)(command, args, { timeout: 30_000, env, signal });
    return true;
  } catch {
    signal.throwIfAborted();
    return false;
  }
}
