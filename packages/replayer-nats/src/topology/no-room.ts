import { helixError, type Logger } from "@helix/core";
import type { Admin } from "../connection/admin.ts";
import type { Names } from "./names.ts";
import type { Wanted, WantedStream } from "./topology.ts";

const LEFT =
  "streams that were made for a queue that cannot be made whole could not be deleted again (`$JS.API.STREAM.DELETE.*`): they keep what they reserve";

/** The server cannot reserve what a stream asks for: what that is, what all of the queue asks for, and what there is, as far as it says. */
export async function noRoom(
  admin: Admin,
  refused: WantedStream,
  all: readonly Wanted[],
  cause: unknown,
): Promise<Error> {
  const streams = all.filter((wanted) => wanted.kind === "stream");
  const needed = streams.reduce((sum, stream) => sum + bytesOf(stream), 0);
  const { num_replicas: replicas = 1 } = refused.config;
  const { message } = cause as Error;
  const text =
    `There is no room for stream ${refused.name}: ${message}. It reserves ${shown(bytesOf(refused))} in each of its copies (\`replicas\` ${replicas}), ` +
    `and all streams of the queue ${shown(needed)}, three times \`maxBytes\` and a little more: for the lanes, the dead letters and the trash. ` +
    `${await whatThereIs(admin)}. Give JetStream more, or set \`maxBytes\` lower`;
  return helixError(
    "HELIX_TOPOLOGY_NO_ROOM",
    text,
    { stream: refused.name, bytes: bytesOf(refused), allBytes: needed, replicas },
    { cause },
  );
}

/** Asking needs a right that nothing else needs. */
async function whatThereIs(admin: Admin): Promise<string> {
  const serverLimit = "What a server has is `max_file_store` of its configuration";
  try {
    const { limits, storage, reserved_storage = 0 } = await admin.request((api) => api.getAccountInfo());
    const used = `${shown(storage)} are used in this account, and ${shown(reserved_storage)} reserved`;
    const { max_storage: max } = limits;
    return max > 0 ? `The account may use ${shown(max)}; ${used}` : `${serverLimit}; ${used}`;
  } catch {
    return serverLimit;
  }
}

function bytesOf({ config }: WantedStream): number {
  return Math.max(0, config.max_bytes ?? 0);
}

function shown(bytes: number): string {
  return `${bytes.toLocaleString("en-US")} bytes`;
}

/**
 * Deletes streams that were made for lanes that cannot be, and hold nothing: what they reserve would be gone, and with other
 * options they would differ. Nothing is deleted where somebody else has made the lanes meanwhile.
 */
export async function undo(
  admin: Admin,
  names: Names,
  made: readonly string[],
  logger: Logger,
): Promise<void> {
  const left: string[] = [];
  for (const name of made) {
    try {
      const isUsed = (await admin.find((api) => api.streams.info(names.stream))) !== undefined;
      const { state } = await admin.request((api) => api.streams.info(name));
      if (isUsed || state.messages > 0) return;
      await admin.request((api) => api.streams.delete(name));
    } catch {
      left.push(name);
    }
  }
  if (left.length > 0) logger.warn({ streams: left }, LEFT);
}
