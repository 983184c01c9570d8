import { type DeadLetter, type DeadLetterCause, laneOf, messageId, type PayloadInput } from "@helix/core";
import { equal, truthy } from "./assertions.ts";
import type { Stage } from "./stage.ts";

/** Enqueues a payload, makes it a dead letter, and gives that. */
export async function buried(
  stage: Stage,
  input: Partial<PayloadInput> = {},
  cause: DeadLetterCause = { reason: "rejected" },
): Promise<DeadLetter> {
  const payload = await stage.put(input);
  const receiver = stage.receiver(laneOf(payload.targetCluster, payload.priority));
  await (await receiver.next()).deadLetter(cause);
  await receiver.source.stop();
  const letter = await stage.queue.deadLetters.get(messageId(payload));
  truthy(letter, `a dead letter \`${messageId(payload)}\``, letter);
  return letter;
}

/** All dead letters, of which there must be so many. */
export async function lettersOf(stage: Stage, count: number): Promise<DeadLetter[]> {
  const letters = await stage.queue.deadLetters.list();
  equal(letters.length, count, "the number of dead letters");
  return letters;
}

export async function onlyLetter(stage: Stage): Promise<DeadLetter> {
  const [letter] = await lettersOf(stage, 1);
  truthy(letter, "a dead letter", letter);
  return letter;
}
