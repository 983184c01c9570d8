import { Child } from "../measure/child.ts";
import { interleaved } from "../measure/interleaved.ts";
import type { Measured, Work, WorkToDo } from "./work-process.ts";

/** Rounds that come first and are not counted: after 40,000 messages what a worker runs is not all compiled yet. */
const WARM_UPS = 25;

/**
 * Each work in a process of its own, in turn: what one leaves behind for the collector would else be collected in the others' time. Processor time
 * is that of its process, of all its threads; of the servers, which run in others, nothing is in it.
 */
export async function inTurn<Way extends string>(
  rounds: number,
  ways: Readonly<Record<Way, Work>>,
  toDo: Omit<WorkToDo, "work">,
): Promise<Record<Way, Measured[]>> {
  await using children = new AsyncDisposableStack();
  const asking: Partial<Record<Way, () => Promise<Measured>>> = {};
  for (const [way, work] of Object.entries(ways) as [Way, Work][]) {
    const child = children.use(new Child(new URL("./work-process.ts", import.meta.url)));
    await child.ask({ ...toDo, work });
    asking[way] = () => child.ask<Measured>("again");
  }
  return await interleaved(rounds, asking as Record<Way, () => Promise<Measured>>, WARM_UPS);
}
