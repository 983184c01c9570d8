import { execFile } from "node:child_process";
import path from "node:path";
import { promisify } from "node:util";
import { ProviderUnavailableError } from "../servers/first-usable.ts";

/** A Java that can run Cassandra 5.0. */
export interface Java {
  readonly command: string;
  readonly version: number;
}

/** Cassandra 5.0 supports 17; 21 runs it too when the security manager is allowed; 24 has removed that. */
const USABLE = [17, 21];

/**
 * `HELIX_JAVA` (a path to `java`) if set, else the first usable one of `JAVA_HOME` and the search path.
 * Rejects with `ProviderUnavailableError`, which says what each of them was.
 */
export async function findJava(env: NodeJS.ProcessEnv, signal: AbortSignal): Promise<Java> {
  const seen: string[] = [];
  for (const [from, command] of candidates(env)) {
    const version = await javaVersion(command, env, signal);
    signal.throwIfAborted();
    if (version !== undefined && USABLE.includes(version)) return { command, version };
    seen.push(`${from} ${version === undefined ? "has none that runs" : `is Java ${version}`}`);
  }
  throw new ProviderUnavailableError(`no Java 17 or 21 (${seen.join(", ")})`);
}

function candidates(env: NodeJS.ProcessEnv): [from: string, command: string][] {
  if (env.HELIX_JAVA) return [["HELIX_JAVA", env.HELIX_JAVA]];
  const home: [string, string][] = env.JAVA_HOME
    ? [["JAVA_HOME", path.join(env.JAVA_HOME, "bin", "java")]]
    : [];
  return [...home, ["the search path", "java"]];
}

async function javaVersion(
  command: string,
  env: NodeJS.ProcessEnv,
  signal: AbortSignal,
): Promise<number | undefined> {
  try {
    const { stderr } = await promisify(execFile)(command, ["-version"], { timeout: 20_000, env, signal });
    const major = /version "(\d+)/.exec(stderr)?.[1];
    return major === undefined ? undefined : Number(major);
  } catch {
    return undefined;
  }
}
