import { EventHub, type EventSource, type ReplayExecutor, type SessionEvents } from "@helix/core";
import { readSessionOptions, type SessionOptions } from "../client-options.ts";
import { SESSION_EVENTS } from "../event-names.ts";
import { type ConnectOptions, checkConnectOptions, connectLinks } from "../session/connect-links.ts";
import { createLinks } from "../session/create-links.ts";
import { createReplayExecutor } from "./replay-executor.ts";

/** A {@link ReplayExecutor} with sessions of its own. */
export interface ConnectedReplayExecutor extends ReplayExecutor, EventSource<SessionEvents>, AsyncDisposable {
  probe: NonNullable<ReplayExecutor["probe"]>;
  read: NonNullable<ReplayExecutor["read"]>;
  shortestGrace: NonNullable<ReplayExecutor["shortestGrace"]>;
  /**
   * Ends the sessions: stop the worker first. Resolves when no socket and no timer is left. Twice is safe.
   */
  close(): Promise<void>;
}

/**
 * For a process that replays and writes nothing itself. Resolves when the clusters that are waited for
 * are there; the others are sought until close.
 *
 * @throws TypeError, RangeError for options; rejects with the signal's reason, and nothing is left then.
 */
export async function connectReplayExecutor(
  options: SessionOptions & ConnectOptions,
): Promise<ConnectedReplayExecutor> {
  const { waitFor, signal, ...sessions } = options;
  const wanted: ConnectOptions = { waitFor, signal };
  checkConnectOptions(wanted);
  const read = readSessionOptions("connectReplayExecutor", sessions);
  signal?.throwIfAborted();
  const { logger } = read;
  const events = new EventHub<SessionEvents>(
    (err, name) => logger.error({ err, event: name }, "an event listener failed"),
    SESSION_EVENTS,
  );
  const links = createLinks(read, events);
  try {
    await connectLinks(links, wanted, new AbortController().signal);
  } catch (error) {
    await links.close();
    throw error;
  }
  const close = () => links.close();
  return {
    ...createReplayExecutor(links, events, read.clock),
    on: (name, listener) => events.on(name, listener),
    close,
    [Symbol.asyncDispose]: close,
  };
}
