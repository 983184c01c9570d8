import { duration, quantity } from "@helix/core/internal";
import type { ClusterStatus, GateStatus, RateStatus } from "./status-types.ts";
import { rounded } from "./traffic.ts";

/** An error is news for so long. */
const NEWS_MS = 60_000;

type Known = Omit<ClusterStatus, "sentence">;

/**
 * `B: paused by ops, schema change, until 14:00 UTC; 12,310 waiting, the oldest 4 min; growing by 20/s`.
 *
 * @param minute Of the last minute, per second: by how much it grew, and what became dead letters.
 */
export function sentenceOf(
  known: Known,
  minute: { readonly growth: number | undefined; readonly died: number | undefined },
  nowMs: number,
): string {
  const { growth, died = 0 } = minute;
  const parts = [
    stateText(known, died, nowMs),
    ...(known.rate === undefined ? [] : [rateText(known.rate, nowMs)]),
    ...waitingText(known, growth),
    ...errorText(known, nowMs),
  ];
  return `${known.name}: ${parts.join("; ")}`;
}

function stateText({ gate, breaker, out, depth, lastError }: Known, died: number, nowMs: number): string {
  if (gate === undefined) return "what is ordered is not known";
  if (gate.state !== "open") return gateText(gate, nowMs);
  const { state, openPods, pods, openForMs = 0 } = breaker;
  if (state === "open") {
    const why = lastError === undefined ? "" : ` (${lastError.text})`;
    return `away for ${duration(openForMs)}${why}`;
  }
  if (state === "partly-open") return `away for ${openPods} of ${pods} pods`;
  if (state === "unknown" && depth !== undefined && depth > 0) return "no pod that replays is known";
  const applied = rounded((out.last1Min ?? 0) - died);
  const goes = [
    ...(applied > 0 ? [`replaying ${quantity(applied)}/s`] : []),
    ...(died > 0 ? [`${quantity(died)}/s become dead letters`] : []),
  ];
  return goes.length > 0 ? goes.join(", ") : "open";
}

function gateText({ state, by, why, untilMs }: GateStatus, nowMs: number): string {
  return [`${state} by ${by}`, why, ...until(untilMs, nowMs)].join(", ");
}

function rateText({ perSecond, by, why, untilMs }: RateStatus, nowMs: number): string {
  return [`at most ${quantity(perSecond)}/s by ${by}`, why, ...until(untilMs, nowMs)].join(", ");
}

function waitingText({ depth, oldestAgeMs, lanes, outlook, drainedInMs }: Known, growth = 0): string[] {
  if (depth === undefined) return ["what waits is not known"];
  if (depth === 0) return ["nothing waits"];
  const stuck = lanes.reduce((sum, lane) => sum + lane.stuck, 0);
  const waiting = [
    `${quantity(depth)} waiting`,
    ...(oldestAgeMs === undefined ? [] : [`the oldest ${duration(oldestAgeMs)}`]),
    ...(stuck === 0 ? [] : [`${quantity(stuck)} stuck`]),
  ].join(", ");
  if (outlook === "growing") return [waiting, `growing by ${quantity(growth)}/s`];
  return drainedInMs === undefined ? [waiting] : [waiting, `drained in about ${duration(drainedInMs)}`];
}

function errorText({ breaker, lastError }: Known, nowMs: number): string[] {
  if (lastError === undefined || breaker.state === "open") return [];
  const agoMs = nowMs - lastError.atMs;
  return agoMs > NEWS_MS ? [] : [`last error ${duration(Math.max(0, agoMs))} ago: ${lastError.text}`];
}

/** The hour of today, or the day as well. */
function until(atMs: number | undefined, nowMs: number): string[] {
  if (atMs === undefined) return [];
  const [day, today] = [atMs, nowMs].map((ms) => new Date(ms).toISOString().slice(0, 10));
  return [`until ${day === today ? "" : `${day} `}${new Date(atMs).toISOString().slice(11, 16)} UTC`];
}
