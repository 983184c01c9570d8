import { cpus, totalmem } from "node:os";

/** The value below which the share lies. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

export function perSecond(count: number, ms: number): number {
  return (count * 1000) / ms;
}

export function whole(value: number): string {
  return Math.round(value).toLocaleString("en-US");
}

export function mebibytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(0)} MiB`;
}

export function heading(title: string): void {
  console.log(`\n${title}`);
}

export function line(name: string, value: string): void {
  console.log(`  ${name.padEnd(52)} ${value}`);
}

export function machine(): void {
  const cores = cpus();
  console.log(`Node ${process.version}, ${process.platform} ${process.arch}`);
  console.log(`${cores.length} × ${cores[0]?.model ?? "unknown processor"}, ${mebibytes(totalmem())}`);
}

/** Heap and buffers after a collection. Resident memory would hide behind what an earlier part has freed. */
export function inUse(): number {
  globalThis.gc?.();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}
