import { systemClock } from "@helix/core";
import { wait } from "@helix/core/internal";
import type { Answer, Session } from "../session.ts";

/** Tells an answer again and again, until somebody interrupts it. Resolves with the exit code of the last. */
export async function watch(session: Session, everyMs: number, look: () => Promise<Answer>): Promise<number> {
  return session.interruptible(async (signal) => {
    let exit = 0;
    while (!signal.aborted) {
      const answer = await look();
      exit = answer.exit ?? 0;
      session.tellNext(answer);
      await wait(systemClock, everyMs, signal);
    }
    return exit;
  });
}
