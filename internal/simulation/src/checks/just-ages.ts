import { type ReplayPayload, statementsOf } from "@helix/core";
import { LONG_GRACE_SECONDS } from "../scenario/scenario.ts";
import { START_MS } from "../world/virtual-time.ts";
import type { CheckFactory } from "./check.ts";

/** By how much the clocks of two processes may differ. */
const SKEW_MS = 500;
/** The part of a table's grace that is surely young enough: a replay leaves a margin. */
const SURELY_YOUNG = 0.9;

/**
 * Nothing is applied that is older than the grace of a table it writes, but what only deletes, and what a person has
 * forced; and nothing is called too old before that, but for a margin.
 */
export const justAges: CheckFactory = (world, violated) => {
  const { faults, graceSeconds } = world.scenario;
  // Ages are told by the wall clocks of the processes.
  if (faults.some(({ kind }) => kind === "clock-step")) return { name: "just ages" };
  const graceMs = ({ tables }: ReplayPayload) =>
    1000 * Math.min(...tables.map((table) => graceSeconds[table] ?? LONG_GRACE_SECONDS));
  const ageAt = (atMs: number, { writtenAtMs }: ReplayPayload) => START_MS + atMs - writtenAtMs;
  const onlyDeletes = (payload: ReplayPayload) =>
    statementsOf(payload).every(({ query }) => query.startsWith("DELETE"));
  return {
    name: "just ages",
    see(event) {
      if (event.kind === "end" && event.outcome === "applied") {
        const { message, payload } = event.delivery;
        if (payload === undefined || payload.disposition === "force" || onlyDeletes(payload)) return;
        const ageMs = ageAt(event.startedAtMs, payload);
        if (ageMs > graceMs(payload) + SKEW_MS)
          violated(`${world.tape.nameOf(message)} was applied at an age of ${ageMs} ms`);
      }
      if (event.kind === "settle" && event.reason === "too-old") {
        const { message, payload } = event.delivery;
        if (payload === undefined) return;
        const ageMs = ageAt(world.time.nowMs, payload);
        const isJust = ageMs > SURELY_YOUNG * graceMs(payload) - SKEW_MS;
        if (!isJust || onlyDeletes(payload) || payload.disposition === "force")
          violated(`${world.tape.nameOf(message)} is called too old at an age of ${ageMs} ms`);
      }
    },
  };
};
