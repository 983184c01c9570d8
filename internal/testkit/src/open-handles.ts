import { waitFor } from "./wait-for.ts";

/** What keeps this process alive at the moment. */
export interface OpenHandles {
  /** TCP sockets, connecting ones included; neither pipes nor listeners. */
  readonly sockets: number;
  /** Timeouts and intervals that are not `unref`ed. */
  readonly timers: number;
  /** TCP listeners. */
  readonly listeners: number;
}

/**
 * Counts this process's sockets, timers and listeners, for tests that promise to leave none behind.
 * The test runner has some of its own: compare with the count before. A socket that was destroyed is
 * counted until its `close` event, so wait with `nothingMoreOpen`.
 */
export function openHandles(): OpenHandles {
  const kinds = process.getActiveResourcesInfo();
  const count = (name: string) => kinds.filter((kind) => kind === name).length;
  return { sockets: count("TCPSocketWrap"), timers: count("Timeout"), listeners: count("TCPServerWrap") };
}

/**
 * Counts this process's sockets that are connected to one of these ports: those of a client alone, where the other
 * ends, a proxy's, are in this process too, and go on swallowing after it has gone.
 */
export function socketsTo(...ports: readonly number[]): number {
  const { _getActiveHandles } = process as unknown as { _getActiveHandles(): { remotePort?: number }[] };
  return _getActiveHandles().filter(({ remotePort = 0 }) => ports.includes(remotePort)).length;
}

/**
 * Resolves once there are no more sockets, timers and listeners than `before` (fewer will do: the test
 * runner's own come and go). Rejects after the timeout with what there is then.
 */
export async function nothingMoreOpen(before: OpenHandles, timeoutMs = 5_000): Promise<void> {
  const settled = () => {
    const { sockets, timers, listeners } = openHandles();
    return sockets <= before.sockets && timers <= before.timers && listeners <= before.listeners;
  };
  await waitFor(settled, {
    timeoutMs,
    describe: () => `no more is open than before: ${JSON.stringify({ before, now: openHandles() })}`,
  });
}
