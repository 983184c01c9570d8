/**
 * Starts one server for each plan, all at once. When one fails the others are given up at once and closed, then
 * the first error is thrown; on abort, the signal's reason.
 */
export async function startTogether<Plan, Server extends { close(): Promise<void> }>(
  plans: readonly Plan[],
  start: (plan: Plan, signal: AbortSignal) => Promise<Server>,
  signal: AbortSignal,
): Promise<Server[]> {
  const failed = new AbortController();
  const either = AbortSignal.any([signal, failed.signal]);
  let first: { error: unknown } | undefined;
  const starting = async (plan: Plan) => {
    try {
      return await start(plan, either);
    } catch (error) {
      first ??= { error };
      failed.abort();
      return undefined;
    }
  };
  const started = (await Promise.all(plans.map(starting))).filter((server) => server !== undefined);
  if (started.length === plans.length && !signal.aborted) return started;
  await Promise.all(started.map((server) => server.close()));
  signal.throwIfAborted();
  throw first?.error;
}
