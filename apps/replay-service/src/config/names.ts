export const PREFIX = "HELIX_";
export const CONFIG_FILE = "HELIX_CONFIG_FILE";

/** `worker.batchSize` is `HELIX_WORKER_BATCH_SIZE`. */
export function variableOf(section: string, key: string): string {
  return PREFIX + [section, key].map((name) => name.replace(/[A-Z]/g, "_$&").toUpperCase()).join("_");
}

/**
 * What Kubernetes puts into every pod of a namespace for each Service: one called `helix-replay` makes
 * `HELIX_REPLAY_SERVICE_HOST`, `HELIX_REPLAY_PORT=tcp://…` and more. Nobody's mistake.
 */
export function isServiceLink(name: string, value: string): boolean {
  return (
    /_SERVICE_HOST$|_SERVICE_PORT(_[A-Z0-9_]+)?$|_PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?$/.test(name) ||
    (name.endsWith("_PORT") && /^(tcp|udp|sctp):\/\//.test(value))
  );
}

/** The name that was probably meant; undefined if none is near. */
export function nearest(name: string, known: readonly string[]): string | undefined {
  const ranked = known
    .map((one) => ({ one, distance: distance(name.toLowerCase(), one.toLowerCase()) }))
    .sort((a, b) => a.distance - b.distance);
  const [best] = ranked;
  if (best !== undefined && best.distance <= Math.max(2, name.length / 4)) return best.one;
  return known.find((one) => one.startsWith(name));
}

/** Levenshtein's: insertions, deletions and replacements. */
function distance(a: string, b: string): number {
  let above = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const replaced = (above[column - 1] ?? 0) + (a[row - 1] === b[column - 1] ? 0 : 1);
      current.push(Math.min(replaced, (above[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1));
    }
    above = current;
  }
  return above[b.length] ?? 0;
}
