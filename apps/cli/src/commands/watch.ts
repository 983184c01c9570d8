import { systemClock } from "@helix/core";
import { wait } from "@helix/core/internal";
import { clean } from "../output/clean.ts";
import { readFailure } from "../read-failure.ts";
import { type Answer, type Session, unlessInterrupted } from "../session.ts";

/**
 * Tells an answer again and again, until somebody interrupts it: once there was one, what fails is told and looked for again. Resolves with the exit
 * code of the last, or of the interrupt where there was none.
 */
export async function watch(session: Session, everyMs: number, look: () => Promise<Answer>): Promise<number> {
  return session.interruptible(async (signal) => {
    let answer = await unlessInterrupted(look(), signal);
    if (answer === undefined) return signal.reason;
    for (;;) {
      session.tellNext(answer);
      await wait(systemClock, everyMs, signal);
      const next = signal.aborted ? undefined : await unlessInterrupted(look().catch(failureAnswer), signal);
      if (next === undefined) return answer.exit ?? 0;
      answer = next;
    }
  });
}

function failureAnswer(error: unknown): Answer {
  const { exit, code, message } = readFailure(error);
  return { data: { error: { code, message } }, text: (paint) => `${paint.bad(clean(message))}\n`, exit };
}
