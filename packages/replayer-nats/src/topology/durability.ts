import type { Admin } from "../connection/admin.ts";
import type { Link } from "../connection/link.ts";
import type { StreamClock } from "../connection/stream-clock.ts";
import type { Names } from "./names.ts";

/** What the stream's messages survive, for one line of the log at the start. */
export async function durabilityOf(
  admin: Admin,
  names: Names,
  link: Link,
  streamClock: StreamClock,
): Promise<Record<string, unknown>> {
  const server = link.up.info?.version;
  const ask = () => admin.request((api) => api.streams.info(names.stream));
  const found = await streamClock.learn(ask).catch(() => undefined);
  if (found === undefined) return { stream: names.stream, server };
  const { storage, num_replicas: replicas } = found.config;
  return { stream: names.stream, server, storage, replicas, mayLose: whatMayBeLost(storage, replicas) };
}

/** A file store writes before it acknowledges, and syncs to the disk later (`sync_interval`, 2 minutes as it comes). */
function whatMayBeLost(storage: string, replicas: number): string {
  if (storage !== "file") return "everything when the server stops";
  return replicas === 1
    ? "what was stored in the last `sync_interval` when the machine loses power; nothing when the server is killed"
    : "what was stored in the last `sync_interval` when most machines lose power at once; nothing when servers are killed";
}
