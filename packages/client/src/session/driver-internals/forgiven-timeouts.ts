import type { Client } from "cassandra-driver";
import { isObject, member } from "./member.ts";

const LIMIT = "defunctReadTimeoutThreshold";

/**
 * The driver closes a connection on which more requests than that have timed out. Where this process stood still all that were
 * under way have, and their answers are there.
 */
export function forgiveTimeouts(client: Client, isBlocked: () => boolean): void {
  const options = member(member(client, "options"), "socketOptions");
  const limit = member(options, LIMIT);
  if (!isObject(options) || typeof limit !== "number") return;
  Object.defineProperty(options, LIMIT, { get: () => (isBlocked() ? Number.POSITIVE_INFINITY : limit) });
}
