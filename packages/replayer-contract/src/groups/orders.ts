import type { DeadLetterReader, OrderedOptions } from "@helix/core";
import { code, equal, rejects } from "../assertions.ts";
import type { ContractGroup } from "../contract-group.ts";
import { buried } from "../letters.ts";

const NOT_FOUND = code("HELIX_DEAD_LETTER_NOT_FOUND");

export const orders: ContractGroup = {
  name: "orders",
  cases: [
    {
      title: "tells by whose order a letter was ended last, and nobody's where nobody is named",
      needs: ["orders"],
      async run(stage) {
        const { deadLetters } = stage.queue;
        const [first, second, third] = [await buried(stage), await buried(stage), await buried(stage)];
        const toldOf = (...ids: string[]) => Promise.all(ids.map((id) => orderIn(deadLetters, id)));
        equal(await toldOf(first.id, "none.0"), [undefined, undefined], "the orders before there was one");
        await deadLetters.redrive(first.id, { order: "one" });
        await deadLetters.discard(second.id, { order: "two" });
        await deadLetters.discard(third.id);
        equal(await toldOf(first.id, second.id, third.id), ["one", "two", undefined], "the orders");
        await deadLetters.trash.restore(second.id);
        await deadLetters.discard(second.id);
        equal(await toldOf(first.id, second.id), ["one", undefined], "the orders after an end by nobody");
      },
    },
    {
      title: "tells by whose order a letter left the trash, apart from by whose it came there",
      needs: ["orders"],
      async run(stage) {
        const { deadLetters } = stage.queue;
        const { trash } = deadLetters;
        const { id } = await buried(stage);
        await deadLetters.discard(id, { order: "one" });
        equal(await orderIn(trash, id), undefined, "the order in the trash of what still lies there");
        await trash.restore(id, { order: "two" });
        equal(await orderIn(trash, id), "two", "the order of the restore");
        await deadLetters.discard(id, { order: "three" });
        equal(await orderIn(deadLetters, id), "three", "the order of the second discard");
        await trash.delete(id, { order: "four" });
        equal(await orderIn(trash, id), "four", "the order of the delete");
      },
    },
    {
      title: "lets one of two orders end a letter, and tells every process which of them it was",
      needs: ["orders"],
      async run(stage) {
        const { deadLetters } = stage.queue;
        const other = stage.capabilities.shared ? (await stage.hook("otherPod")()).deadLetters : deadLetters;
        const kinds = {
          "a discard": (id: string, by: OrderedOptions, at = deadLetters) => at.discard(id, by),
          "a restore": (id: string, by: OrderedOptions, at = deadLetters) => at.trash.restore(id, by),
          "a delete": (id: string, by: OrderedOptions, at = deadLetters) => at.trash.delete(id, by),
          // Last, since the lane has a message then.
          "a redrive": (id: string, by: OrderedOptions, at = deadLetters) => at.redrive(id, by),
        };
        for (const [what, end] of Object.entries(kinds)) {
          const isTrash = end === kinds["a restore"] || end === kinds["a delete"];
          const { id } = await buried(stage);
          if (isTrash) await deadLetters.discard(id);
          const ends = [end(id, { order: "one" }), end(id, { order: "two" }, other)];
          const done = (await Promise.allSettled(ends)).map(({ status }) => status === "fulfilled");
          equal([...done].sort(), [false, true], `of two orders of ${what}, those that resolved`);
          await rejects(ends[done.indexOf(false)] as Promise<void>, NOT_FOUND, "who came too late");
          await rejects(end(id, { order: "three" }), NOT_FOUND, "who came later still");
          for (const store of [deadLetters, other]) {
            const told = await orderIn(isTrash ? store.trash : store, id);
            equal(told, done[0] ? "one" : "two", `by whose order ${what} was made`);
          }
        }
      },
    },
    {
      title: "tells by whose order a letter was ended though its process has been killed",
      needs: ["orders", "durable"],
      async run(stage) {
        const { deadLetters } = stage.queue;
        const { id } = await buried(stage);
        await deadLetters.discard(id, { order: "one" });
        const after = (await stage.hook("crash")()).deadLetters;
        equal(await orderIn(after, id), "one", "the order after the crash");
      },
    },
  ],
};

async function orderIn(store: Pick<DeadLetterReader, "orderOf">, id: string): Promise<string | undefined> {
  return store.orderOf?.(id);
}
