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
 * counted until its `close` event, so wait for the count with `waitFor`.
 */
export function openHandles(): OpenHandles {
  const kinds = process.getActiveResourcesInfo();
  const count = (name: string) => kinds.filter((kind) => kind === name).length;
  return { sockets: count("TCPSocketWrap"), timers: count("Timeout"), listeners: count("TCPServerWrap") };
}
