import { execFile } from "node:child_process";
import { readdir, readFile } from "node:fs/promises";
import { promisify } from "node:util";

/**
 * Whether a process no longer runs after a SIGSTOP. The signal takes effect a moment after it was sent, one
 * thread after the other: a busy server has been seen to answer for 2 ms more.
 */
export async function isStopped(pid: number): Promise<boolean> {
  return process.platform === "linux" ? allThreadsStopped(pid) : processStopped(pid);
}

async function allThreadsStopped(pid: number): Promise<boolean> {
  const tasks = await readdir(`/proc/${pid}/task`);
  const stats = await Promise.all(tasks.map((task) => readFile(`/proc/${pid}/task/${task}/stat`, "utf8")));
  // The state follows the command's name, which is in parentheses and may contain any character.
  return stats.every((stat) => stat.charAt(stat.lastIndexOf(")") + 2) === "T");
}

async function processStopped(pid: number): Promise<boolean> {
  const { stdout } = await promisify(execFile)("ps", ["-o", "state=", "-p", String(pid)]);
  return stdout.trim().startsWith("T");
}
