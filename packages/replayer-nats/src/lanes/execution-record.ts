import { parsed } from "../connection/parsed.ts";

/** What one process is executing of the messages that were delivered before. */
export interface ExecutionRecord {
  /** By id and life. */
  readonly messages: readonly string[];
  /** Those of them whose turn as a suspect it is: if the process dies, it has died of them. */
  readonly suspects: readonly string[];
  /** Of that process, which may be configured otherwise: it writes the sooner again the shorter it is. Milliseconds; absent: an older version. */
  readonly leaseMs?: number | undefined;
}

/** So that the record fits into what any server takes. */
const MAX_BYTES = 256 * 1024;
/** As much as may be configured. */
const MAX_LEASE_MS = 3_600_000;
const ENCODER = new TextEncoder();

/** What no longer fits is left out, suspects last: if the process dies, it will seem not to have died of that. */
export function encodeExecutions(
  executing: Iterable<{ id: string; isSuspect: boolean }>,
  leaseMs: number,
): Uint8Array {
  const messages = new Set<string>();
  const suspects = new Set<string>();
  let bytes = 0;
  for (const { id, isSuspect } of [...executing].sort((a, b) => Number(b.isSuspect) - Number(a.isSuspect))) {
    bytes += (isSuspect ? 2 : 1) * (Buffer.byteLength(JSON.stringify(id)) + 1);
    if (bytes > MAX_BYTES) break;
    messages.add(id);
    if (isSuspect) suspects.add(id);
  }
  const record: ExecutionRecord = { messages: [...messages], suspects: [...suspects], leaseMs };
  return ENCODER.encode(JSON.stringify(record));
}

/** Undefined for bytes that are no such record: whoever wrote them says nothing that can be relied on. */
export function decodeExecutions(bytes: Uint8Array): ExecutionRecord | undefined {
  const { messages, suspects, leaseMs } = parsed(bytes) ?? {};
  if (!isNames(messages) || !isNames(suspects)) return undefined;
  return { messages, suspects, ...(isLease(leaseMs) && { leaseMs }) };
}

function isLease(value: unknown): value is number {
  return typeof value === "number" && value > 0 && value <= MAX_LEASE_MS;
}

function isNames(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((one) => typeof one === "string");
}
