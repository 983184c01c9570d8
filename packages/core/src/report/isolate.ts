/**
 * Runs somebody else's function: what it throws, now or by the promise it returns, goes to `report`,
 * and what `report` throws is ignored. It is not waited for.
 */
export function isolate(run: () => unknown, report: (error: unknown) => void): void {
  try {
    watch(run(), report);
  } catch (error) {
    safely(report, error);
  }
}

/** Hears of a promise that rejects, whoever's promise it is; of anything else nothing. May throw for a getter. */
export function watch(result: unknown, report: (error: unknown) => void): void {
  if (typeof result !== "object" || result === null || !("then" in result)) return;
  if (typeof result.then !== "function") return;
  Promise.resolve(result).then(undefined, (error: unknown) => safely(report, error));
}

/** Whoever reports failures must not cause one. */
export function safely(report: (error: unknown) => void, error: unknown): void {
  try {
    report(error);
  } catch {
    // There is nobody left to tell.
  }
}
