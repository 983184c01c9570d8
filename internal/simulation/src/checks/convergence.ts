import { CLUSTERS } from "@helix/core";
import type { CheckFactory, Rest } from "./check.ts";

/** One by rounding, and the clocks of the processes. */
const EXPIRY_SECONDS = 2;

/**
 * Value and write time of every cell are equal on both clusters, and every write whose call promised it is
 * there. Left out is what the design leaves out: what the caller was told is not queued, calls that never
 * returned, and what sits in the dead letters.
 */
export const convergence: CheckFactory = (world, violated) => {
  // Ages are told by the wall clocks of the processes: while those are set, no expiry can be promised.
  const isClockSet = world.scenario.faults.some(({ kind }) => kind === "clock-step");
  const checkExpiry = (row: string) => {
    const onB = world.clusters.B.rows.expiriesOf(row);
    for (const [column, expiresAt] of world.clusters.A.rows.expiriesOf(row)) {
      const gap = Math.abs(expiresAt - (onB.get(column) ?? 0));
      if (gap > EXPIRY_SECONDS) violated(`${row} ${column} expires ${gap} s apart`);
    }
  };
  return { name: "convergence", atRest };

  function atRest({ dead }: Rest): void {
    const inDeadLetters = new Set(dead.map(({ identity }) => identity));
    const exempt = new Set<string>();
    for (const write of world.writes) {
      const promised = write.verdict === "success" || write.verdict === "pending";
      if (!promised || inDeadLetters.has(write.identity)) {
        if (write.verdict !== "failed") for (const row of write.rows) exempt.add(row);
        continue;
      }
      for (const cluster of CLUSTERS) {
        if (!world.clusters[cluster].hasApplied(write.identity)) {
          violated(`write ${write.number} was promised (${write.verdict}) and is not on ${cluster}`);
        }
      }
    }
    const { A, B } = world.clusters;
    for (const row of new Set([...A.rows.rows.keys(), ...B.rows.rows.keys()])) {
      if (exempt.has(row)) continue;
      const [a, b] = [A.rows.describe(row), B.rows.describe(row)];
      if (a !== b) violated(`${row} is ${a} on A and ${b} on B`);
      if (!isClockSet) checkExpiry(row);
    }
  }
};
