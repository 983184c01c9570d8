/**
 * Starts one server for each name, all at once. When one fails the others are given up at once and closed, then
 * the first error is thrown; on abort, the signal's reason.
 */
export async function startTogether<Name extends string, Server extends { close(): Promise<void> }>(
  names: readonly Name[],
  start: (name: Name, signal: AbortSignal) => Promise<Server>,
  signal: AbortSignal,
): Promise<Server[]> {
  const failed = new AbortController();
  const either = AbortSignal.any([signal, failed.signal]);
  let first: { error: unknown } | undefined;
  const starting = async (name: Name) => {
    try {
      return await start(name, either);
    } catch (error) {
      first ??= { error };
      failed.abort();
      return undefined;
    }
  };
  const started = (await Promise.all(names.map(starting))).filter((server) => server !== undefined);
  if (started.length === names.length && !signal.aborted) return started;
  await Promise.all(started.map((server) => server.close()));
  signal.throwIfAborted();
  throw first?.error;
}
