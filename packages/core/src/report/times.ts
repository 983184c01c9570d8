// Times as people type them.

const UNIT_MS = { ms: 1, s: 1000, min: 60_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const SPAN = /^(\d{1,9}(?:\.\d{1,3})?)(ms|s|min|m|h|d)$/;
const DAY_MS = UNIT_MS.d;

/** `90s`, `15m`, `2h`, `7d` in milliseconds; undefined for anything else. */
export function spanOf(text: string): number | undefined {
  const [, number, unit] = SPAN.exec(text) ?? [];
  return unit === undefined ? undefined : Math.round(Number(number) * UNIT_MS[unit as keyof typeof UNIT_MS]);
}

/**
 * A time to come: a span from now, an hour of UTC (`14:00Z`, the next that comes), or a time of ISO 8601 with its zone. Undefined for
 * anything else: what has no zone would be one time to whoever types it and another to whoever reads it.
 */
export function timeToCome(text: string, nowMs: number): number | undefined {
  const span = spanOf(text);
  if (span !== undefined) return nowMs + span;
  const hour = hourOf(text, nowMs);
  if (hour === undefined) return instantOf(text);
  return hour > nowMs ? hour : hour + DAY_MS;
}

/** A time gone by: as {@link timeToCome}, backwards. */
export function timeGoneBy(text: string, nowMs: number): number | undefined {
  const span = spanOf(text);
  if (span !== undefined) return Math.max(0, nowMs - span);
  const hour = hourOf(text, nowMs);
  if (hour === undefined) return instantOf(text);
  return hour <= nowMs ? hour : hour - DAY_MS;
}

/** Of the day that it is now in UTC. */
function hourOf(text: string, nowMs: number): number | undefined {
  if (!/^([01]\d|2[0-3]):[0-5]\d(:[0-5]\d)?Z$/.test(text)) return undefined;
  return Date.parse(`${new Date(nowMs).toISOString().slice(0, 10)}T${text}`);
}

function instantOf(text: string): number | undefined {
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,3})?)?(Z|[+-]\d\d:\d\d)$/.test(text)) return undefined;
  const ms = Date.parse(text);
  return Number.isNaN(ms) || ms < 0 ? undefined : ms;
}
