import { describe, expect, it } from "vitest";
import { groupLetters, showValues } from "../src/index.ts";
import { setUp } from "./rig.ts";

const ANNA = { by: "anna", why: "a customer asks" };

/** So many letters die of each code. */
async function dead(counts: Readonly<Record<string, number>>) {
  const world = setUp();
  const { queue } = world;
  for (const [code, count] of Object.entries(counts)) {
    for (let n = 0; n < count; n++) {
      await world.write("B");
      await new Promise<void>((resolve, reject) => {
        const source = queue.open("high.B", (message) => {
          const error = Object.assign(new Error("no"), { code });
          message
            .deadLetter({ reason: "rejected", error })
            .then(() => source.stop())
            .then(resolve, reject);
        });
        source.demand(1);
      });
    }
  }
  return world;
}

describe("groups", () => {
  it("come page by page, the largest first, with how many there are", async () => {
    const { operated, queue } = await dead({ a: 1, b: 3, c: 2 });
    const [first] = await queue.deadLetters.list();
    await queue.deadLetters.discard(first?.id ?? "");
    const page = await groupLetters(operated, "dead", {}, { limit: 1 });
    expect(page).toMatchObject({ total: 2, groups: [{ errorCode: "b", count: 3 }] });
    const last = await groupLetters(operated, "dead", {}, { limit: 1, cursor: page.cursor });
    expect(last).toMatchObject({ total: 2, groups: [{ errorCode: "c", count: 2 }] });
    expect(last.cursor).toBeUndefined();
    expect(await groupLetters(operated, "trash")).toMatchObject({ total: 1, groups: [{ errorCode: "a" }] });
  });

  it("are refused after a cursor of another filter, another box, a page of letters, or of the day before", async () => {
    const { operated, queue, clock } = await dead({ a: 1, b: 1 });
    const { cursor } = await groupLetters(operated, "dead", { cluster: "B" }, { limit: 1 });
    const letters = await queue.deadLetters.page({ cluster: "B" }, { limit: 1 });
    const after = (box: "dead" | "trash", filter: object, from: string | undefined) =>
      groupLetters(operated, box, filter, { cursor: from }).catch((error: unknown) => error);
    const why = async (...asked: Parameters<typeof after>) => (await after(...asked)) as { why?: string };
    expect((await why("dead", { cluster: "A" }, cursor)).why).toBe("other-filter");
    expect((await why("trash", { cluster: "B" }, cursor)).why).toBe("other-store");
    expect((await why("dead", { cluster: "B" }, letters.cursor)).why).toBe("other-store");
    expect((await why("dead", { cluster: "B" }, "1")).why).toBe("broken");
    clock.advanceNow(86_400_001);
    expect((await why("dead", { cluster: "B" }, cursor)).why).toBe("expired");
  });
});

describe("values", () => {
  it("are told to whoever says who it is and why, of what was discarded as well, with a record each", async () => {
    const { operated, queue, records } = await dead({ a: 2 });
    const [one, other] = await queue.deadLetters.list();
    const [id, discarded] = [one?.id ?? "", other?.id ?? ""];
    await queue.deadLetters.discard(discarded);
    expect((await showValues(operated, "dead", id, ANNA)).raw).toEqual(one?.raw);
    expect((await showValues(operated, "trash", discarded, ANNA)).raw).toEqual(other?.raw);
    const gone = showValues(operated, "dead", discarded, ANNA);
    await expect(gone).rejects.toMatchObject({ code: "HELIX_DEAD_LETTER_NOT_FOUND" });
    await expect(showValues(operated, "dead", id, { by: "anna", why: "" })).rejects.toThrow("`reason`");
    expect(records).toMatchObject([
      { verb: "show values", subject: { id }, ...ANNA },
      { verb: "show values", subject: { id: discarded, box: "trash" }, ...ANNA },
      { verb: "show values", refusedBy: "HELIX_DEAD_LETTER_NOT_FOUND" },
      { verb: "show values", refusedBy: "TypeError" },
    ]);
    expect(JSON.stringify(records)).not.toContain("secret");
  });
});
