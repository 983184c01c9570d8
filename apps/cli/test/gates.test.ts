import { describe, expect, it } from "vitest";
import { Rig } from "./rig.ts";

const stateOf = async (rig: Rig, cluster: "A" | "B" = "B") =>
  JSON.parse((await rig.type("status --json")).out).clusters[cluster].gate;

describe("an order", () => {
  it("is given by cluster and reason, and says how it is then", async () => {
    const rig = new Rig();
    const { exit, out } = await rig.type('pause B --reason "schema change" --until 90m');
    expect(exit).toBe(0);
    expect(out).toMatch(
      /^north: paused by anna, schema change, until .* UTC; nothing waits \(open again in 90 min\)\n$/,
    );
    expect(await stateOf(rig)).toMatchObject({ state: "paused", by: "anna", why: "schema change" });
    expect((await rig.type("resume north --reason done")).out).toBe("north: open; nothing waits\n");
  });

  it("names the person by --by, or HELIX_BY, or the user of the machine", async () => {
    const rig = new Rig();
    await rig.type("drain b --reason x --by bert");
    expect(await stateOf(rig)).toMatchObject({ state: "drained", by: "bert" });
    await rig.type("undrain b --reason x", { env: { HELIX_BY: "cron" } });
    await rig.type("pause b --reason x", { env: { HELIX_BY: "cron" } });
    expect(await stateOf(rig)).toMatchObject({ state: "paused", by: "cron" });
  });

  it("tells programs what it was before, and is now", async () => {
    const rig = new Rig();
    const { out } = await rig.type("drain A --reason disks --json");
    expect(JSON.parse(out)).toEqual({
      verb: "drain",
      cluster: "A",
      revision: expect.any(Number),
      before: { state: "open" },
      after: { state: "drained", by: "anna", why: "disks", sinceMs: expect.any(Number) },
    });
  });

  it.each([
    ["drain", "pause", "undrain"],
    ["drain", "resume", "undrain"],
    ["pause", "undrain", "resume"],
  ])(
    "takes nothing back that it does not speak of: of one that has a %s no %s, but %s",
    async (first, verb, cure) => {
      const rig = new Rig();
      await rig.type(`${first} B --reason disks`);
      const before = await stateOf(rig);
      const { exit, err } = await rig.type(`${verb} B --reason x`);
      expect(exit).toBe(1);
      expect(err).toContain("Nothing was changed");
      expect(err).toContain(`Type helix ${cure} B --reason`);
      expect(await stateOf(rig)).toEqual(before);
    },
  );

  it("over what somebody has ordered meanwhile fails, and changes nothing", async () => {
    const rig = new Rig();
    const open = rig.open;
    const racing = async (...args: Parameters<typeof open>) => {
      const operator = await open(...args);
      const order: typeof operator.order = async (...given) => {
        await rig.type("drain B --reason disks --by bert");
        return operator.order(...given);
      };
      return { ...operator, order };
    };
    const { typed } = await import("./rig.ts");
    const { exit, err } = await typed("pause B --reason x", {}, racing);
    expect([exit, err]).toEqual([
      1,
      "helix: Somebody else has ordered something meanwhile, and nothing was changed. Now:\n" +
        "A: open; nothing waits\nnorth: drained by bert, disks; nothing waits\n",
    ]);
    expect(await stateOf(rig)).toMatchObject({ state: "drained", by: "bert" });
  });
});

it("a rate that has an end is shown with it", async () => {
  const rig = new Rig();
  await rig.type("rate B 500 --reason disks --until 2h");
  expect((await rig.type("rate")).out).toMatch(
    /^A: any rate\nnorth: 500\/s at most over all pods, by anna: disks, until \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC\n$/,
  );
});
