import { spawnSync } from "node:child_process";

/** Whether this machine has the program. */
export function has(program: string, versionFlag = "--version"): boolean {
  return spawnSync(program, [versionFlag]).status === 0;
}

/** What it prints. @throws Error with all that it printed, if it fails. */
export function run(program: string, ...args: readonly string[]): string {
  const { status, stdout, stderr, error } = spawnSync(program, args, { encoding: "utf8" });
  if (error !== undefined) throw error;
  if (status !== 0) throw new Error(stderr + stdout);
  return stdout;
}
