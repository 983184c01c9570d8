import { readFileSync } from "node:fs";
import { cpus, loadavg, totalmem } from "node:os";
import { judge } from "./judge.ts";
import type { Findings } from "./row.ts";

/** Where and with what a run was made. */
export function circumstances() {
  const cores = cpus();
  return {
    takenAt: new Date().toISOString(),
    node: process.version,
    platform: `${process.platform} ${process.arch}`,
    processor: `${cores.length} × ${cores[0]?.model.trim() ?? "unknown"}`,
    memoryMiB: Math.round(totalmem() / 2 ** 20),
    /** Of the minute before, so that a run on a busy machine shows that it was one. */
    load: loadavg()[0] ?? 0,
    versions: versions(),
  };
}

/** Of the libraries that are measured, ours and others: pinned, so what is said there is what runs. */
function versions(): Record<string, string> {
  const manifest: unknown = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));
  const { dependencies } = manifest as { dependencies: Record<string, string> };
  return Object.fromEntries(
    Object.entries(dependencies).filter(([, version]) => !version.startsWith("workspace:")),
  );
}

/** What a run leaves behind: everything that the table and the pictures are made of. */
export function record(run: object, { rows, series = [] }: Findings): object {
  return { ...run, rows: rows.map((row) => ({ ...row, ...judge(row) })), series };
}
