import { discardDeadLetters, emptyTrash, restoreDeadLetters, TRASH_MAX_AGE_MS } from "@helix/core";
import { ManualClock } from "@helix/testkit/manual-clock";
import { expect, it } from "vitest";
import { payloadOf, Receiver } from "../test/helpers.ts";
import { MemoryReplayer } from "./index.ts";

async function buried(clock: ManualClock, deadLetterCapacity: number, ...ids: string[]) {
  const queue = new MemoryReplayer({ clock, deadLetterCapacity });
  const receiver = new Receiver(queue);
  for (const id of ids) {
    await queue.enqueue(payloadOf(id));
    await (await receiver.next()).deadLetter({ reason: "rejected" });
  }
  await receiver.source.stop();
  return queue;
}

const idsOf = (letters: readonly { readonly id: string }[]) => letters.map(({ id }) => id);

it("the trash keeps what was discarded for seven days, and not a moment longer", async () => {
  const clock = new ManualClock();
  const { deadLetters } = await buried(clock, 9, "1", "2");
  await deadLetters.discard("1.0");
  clock.advanceNow(1000);
  await deadLetters.discard("2.0");
  clock.advanceNow(TRASH_MAX_AGE_MS - 1001);
  expect(await deadLetters.trash.count()).toEqual({ count: 2, isExact: true });
  clock.advanceNow(1);
  expect(idsOf(await deadLetters.trash.list())).toEqual(["2.0"]);
  await expect(deadLetters.trash.restore("1.0")).rejects.toMatchObject({
    code: "HELIX_DEAD_LETTER_NOT_FOUND",
    id: "1.0",
  });
  clock.advanceNow(999);
  await deadLetters.trash.restore("2.0");
  expect(idsOf(await deadLetters.list())).toEqual(["2.0"]);
  expect(clock.timers).toBe(0);
});

it("a full trash has room again when its oldest has grown too old", async () => {
  const clock = new ManualClock();
  const { deadLetters } = await buried(clock, 2, "1", "2");
  expect(await discardDeadLetters(deadLetters)).toMatchObject({ discarded: 2 });
  expect(await restoreDeadLetters(deadLetters.trash, { limit: 1 })).toMatchObject({ restored: 1 });
  await deadLetters.discard("1.0");
  expect(idsOf(await deadLetters.trash.list())).toEqual(["2.0", "1.0"]);
  clock.advanceNow(TRASH_MAX_AGE_MS);
  expect(await emptyTrash(deadLetters.trash)).toMatchObject({ deleted: 0, matched: 0 });
});

it("a payload that dies twice has another name while the first one is in the trash, and both come back", async () => {
  const clock = new ManualClock();
  const queue = await buried(clock, 9, "1");
  await queue.deadLetters.discard("1.0");
  await queue.enqueue(payloadOf("1"));
  await (await new Receiver(queue).next()).deadLetter({ reason: "rejected" });
  await queue.deadLetters.trash.restore("1.0");
  expect(idsOf(await queue.deadLetters.list())).toEqual(["1.0.1", "1.0"]);
});
