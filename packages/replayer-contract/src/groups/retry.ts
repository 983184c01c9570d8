import { CALLERS_MISTAKE, equal, rejects, truthy } from "../assertions.ts";
import type { ContractGroup } from "../contract-group.ts";
import { idOf } from "../receiver.ts";
import type { Stage } from "../stage.ts";

/** What a timer may fire too early, or two clocks may differ by. */
const TOLERANCE_MS = 5;

export const retry: ContractGroup = {
  name: "retry",
  cases: [
    {
      title: "keeps a released message back for its delay, and then delivers it without being asked",
      async run(stage) {
        await stage.put();
        await delayed(stage, 3 * stage.capabilities.quietMs);
      },
    },
    {
      title: "keeps to a delay that is longer than the lease",
      needs: ["leases"],
      async run(stage) {
        await stage.put();
        await delayed(stage, 2 * stage.fact("leases").leaseMs);
      },
    },
    {
      title: "delivers the others of a lane while some are delayed",
      async run(stage) {
        const receiver = stage.receiver();
        const count = Math.min(20, (stage.capabilities.bounded?.messages ?? 20) - 1);
        await stage.fill(count);
        for (const message of await receiver.take(count))
          await message.release({ delayMs: 60_000, attempts: 1 });
        const good = await stage.put();
        equal(idOf(await receiver.next()), good.id, "what comes");
      },
    },
    {
      title:
        "delivers what was handed back with a delay as soon as it is hastened by its word, and nothing else",
      needs: ["hastens"],
      async run(stage) {
        const [first, second] = await stage.fill(2);
        const receiver = stage.receiver();
        const words: Record<string, string> = { [first?.id ?? ""]: "one", [second?.id ?? ""]: "other" };
        for (const message of await receiver.take(2))
          await message.release({ delayMs: 3_600_000, hastenedBy: words[idOf(message)] });
        equal(receiver.source.hasten?.("third"), 0, "how many of no word are due");
        equal(receiver.source.hasten?.("one"), 1, "how many are due");
        const again = await receiver.next();
        equal(idOf(again), first?.id, "what comes");
        equal(again.attempts, 0, "its attempts");
        await receiver.nothing(2, "only what has the word was hastened");
        equal(receiver.source.hasten?.("one"), 0, "how many are due a second time");
      },
    },
    {
      title: "remembers the count that a release gives, and keeps it when one gives none",
      async run(stage) {
        await stage.put();
        const receiver = stage.receiver();
        const counts: number[] = [];
        for (const release of [{ attempts: 1 }, {}, { delayMs: 1 }, { attempts: 2, delayMs: 1 }, undefined]) {
          const message = await receiver.next();
          counts.push(message.attempts);
          await message.release(release);
        }
        counts.push((await receiver.next()).attempts);
        equal(counts, [0, 1, 1, 1, 2, 2], "attempts at each delivery");
      },
    },
    {
      title: "counts each message for itself",
      async run(stage) {
        await stage.fill(2);
        const receiver = stage.receiver();
        const [first, second] = await receiver.take(2);
        truthy(first !== undefined && second !== undefined, "two messages", receiver.ids);
        await first.release({ attempts: 3 });
        await second.release();
        const again = await receiver.take(2);
        const counts = Object.fromEntries(again.map((message) => [idOf(message), message.attempts]));
        equal(counts, { [idOf(first)]: 3, [idOf(second)]: 0 }, "attempts by id");
      },
    },
    {
      title: "shows the count to another pod",
      needs: ["shared"],
      async run(stage) {
        await stage.put();
        await (await stage.receiver().next()).release({ attempts: 4 });
        const other = stage.receiver("high.B", await stage.hook("otherPod")());
        equal((await other.next()).attempts, 4, "attempts in the other pod");
      },
    },
    {
      title: "remembers count and delay when its process is killed",
      needs: ["durable"],
      async run(stage) {
        await stage.put();
        const delayMs = 3 * stage.capabilities.quietMs;
        await (await stage.receiver().next()).release({ attempts: 4, delayMs });
        const again = await stage.receiver("high.B", await stage.hook("crash")()).next();
        equal(again.attempts, 4, "attempts after the crash");
      },
    },
    {
      title: "refuses a delay or a count that cannot be, and leaves the message in hand",
      async run(stage) {
        await stage.put();
        const receiver = stage.receiver();
        const message = await receiver.next();
        for (const options of [{ delayMs: -1 }, { delayMs: 2 ** 31 }, { attempts: -1 }, { attempts: 0.5 }]) {
          await rejects(message.release(options), CALLERS_MISTAKE, `release(${JSON.stringify(options)})`);
        }
        await receiver.nothing(1, "it is still in hand");
        await message.ack();
      },
    },
  ],
};

/** Releases the next message with a delay and waits for it. */
async function delayed(stage: Stage, delayMs: number): Promise<void> {
  const receiver = stage.receiver();
  const message = await receiver.next();
  const beforeMs = stage.clock.monotonicMs();
  let atMs = beforeMs;
  receiver.listen = () => {
    atMs = stage.clock.monotonicMs();
  };
  await message.release({ delayMs, attempts: 1 });
  receiver.source.demand(1);
  await stage.pause(delayMs);
  await receiver.arrived(2);
  const earliestMs = delayMs - TOLERANCE_MS;
  truthy(
    atMs - beforeMs >= earliestMs,
    `no delivery before ${delayMs} ms`,
    `one after ${atMs - beforeMs} ms`,
  );
}
