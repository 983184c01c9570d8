import { systemClock } from "@helix/core";
import { wait } from "@helix/core/internal";
import { clean } from "../output/clean.ts";
import { readFailure } from "../read-failure.ts";
import type { Answer, Session } from "../session.ts";

/**
 * Tells an answer again and again, until somebody interrupts it: once there was one, what fails is told and looked for again. Resolves with the exit
 * code of the last.
 */
export async function watch(session: Session, everyMs: number, look: () => Promise<Answer>): Promise<number> {
  return session.interruptible(async (signal) => {
    let answer = await look();
    for (;;) {
      session.tellNext(answer);
      await wait(systemClock, everyMs, signal);
      if (signal.aborted) return answer.exit ?? 0;
      answer = await look().catch(failureAnswer);
    }
  });
}

function failureAnswer(error: unknown): Answer {
  const { exit, code, message } = readFailure(error);
  return { data: { error: { code, message } }, text: (paint) => `${paint.bad(clean(message))}\n`, exit };
}
