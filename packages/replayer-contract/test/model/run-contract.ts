import { ManualClock } from "@helix/testkit/manual-clock";
import {
  type ContractCase,
  type QueueCapabilities,
  type QueueUnderTest,
  replayQueueContract,
} from "../../src/index.ts";

/** How much time passes at once while a case waits. */
const STEP_MS = 5;

export interface Verdict extends Pick<ContractCase, "title" | "group"> {
  readonly error: unknown;
}

/** Runs every case in virtual time: the same each time, and done at once. */
export async function runContract(
  create: (clock: ManualClock) => QueueUnderTest,
  capabilities: QueueCapabilities,
): Promise<Verdict[]> {
  const clock = new ManualClock();
  const contract = replayQueueContract({
    create: async () => create(clock),
    capabilities,
    timeoutMs: 2000,
    clock,
  });
  let running = contract.length;
  const verdicts = contract.map(async ({ title, group, run }) => {
    try {
      await run();
      return { title, group, error: undefined };
    } catch (error) {
      return { title, group, error };
    } finally {
      running--;
    }
  });
  while (running > 0) await clock.advance(STEP_MS);
  return Promise.all(verdicts);
}
