import { describe, expect, it } from "vitest";
import { Rig } from "./rig.ts";

describe("helix status", () => {
  it("says in a sentence each what holds of the clusters, and counts their lanes below each other", async () => {
    const rig = new Rig();
    for (let n = 0; n < 1200; n++) await rig.write(`w${n}`);
    const { exit, out } = await rig.type("status");
    expect(exit).toBe(0);
    expect(out).toContain(
      "A: open; nothing waits\nnorth: no pod that replays is known; 1,200 waiting, the oldest ",
    );
    expect(out).toMatch(
      /^LANE {4}DEPTH {2}PENDING {2}IN HAND {2}IN BACK-OFF {2}STUCK {2}OLDEST {2}IN\/S {2}OUT\/S {2}DRAINED IN$/m,
    );
    expect(out).toMatch(/^high\.B {2}1,200 {4}1,200 {8}0 {12}0 {6}0 +[\d.]+ s +- +- +unknown$/m);
    expect(out).toMatch(/^low\.A +0 +0 +0 +0 +0 +- +- +- +empty$/m);
  });

  it("tells pods of one place apart, as the doctor does, and by how much the clock of one is wrong", async () => {
    const rig = new Rig();
    const cluster = { breaker: "closed", concurrency: 1 };
    const lane = { inHand: 1, inBackOff: 0, applied: 0, failed: 0, dead: 0, out: {}, died: {}, growth: {} };
    const hostOf = { "vm-1": "vm", "vm-2": "vm", "other-1": "other" };
    for (const [id, host] of Object.entries(hostOf)) {
      const wrongMs = id === "vm-2" ? 3 * 3_600_000 : 0;
      await rig.control.put(`pods.${id}`, {
        ...{ protocol: 1, id, host, version: "1.2.3", intervalMs: 5000 },
        ...{ startedAtMs: Date.now() + wrongMs - 60_000, atMs: Date.now() + wrongMs },
        clusters: { A: cluster, B: cluster },
        lanes: { "high.A": lane, "low.A": lane, "high.B": lane, "low.B": lane },
      });
    }
    const { out } = await rig.type("status");
    expect(out).toMatch(/^vm-1 +1\.2\.3 +6\d s +alive +closed/m);
    expect(out).toMatch(/^vm-2 +1\.2\.3 +6\d s +alive, clock 3\.0 h ahead +closed/m);
    expect(out).toMatch(/^other +1\.2\.3 +6\d s +alive +closed/m);
  });

  it("ends with 1 where something could not be read, and tells what", async () => {
    const rig = new Rig();
    await rig.control.put("gates", { B: "shut" });
    const { exit, out } = await rig.type("status");
    expect([exit, out]).toEqual([
      1,
      expect.stringContaining("not read  gates: what lies in the store as gates are none"),
    ]);
  });

  it("is coloured on a terminal alone, and not where nobody wants colours", async () => {
    const rig = new Rig();
    const isColoured = async (options: object) => (await rig.type("status", options)).out.includes("\u001b[");
    expect(await isColoured({ isTTY: true })).toBe(true);
    expect(await isColoured({ isTTY: false })).toBe(false);
    expect(await isColoured({ isTTY: true, env: { NO_COLOR: "1" } })).toBe(false);
    expect(await isColoured({ isTTY: true, env: { TERM: "dumb" } })).toBe(false);
  });

  it("shows what somebody has put into a reason as text, and nothing that moves the cursor", async () => {
    const rig = new Rig();
    await rig.type(["pause", "B", "--reason", "a\u001b[2Jb\nc\u009b\u202e"]);
    const { out } = await rig.type("status", { isTTY: true, env: { NO_COLOR: "1" } });
    expect(out).toContain("north: paused by anna, a\\u001b[2Jb\\u000ac\\u009b\\u202e; nothing waits\n");
    const { out: json } = await rig.type("status --json");
    expect(json).not.toContain("\u009b");
    expect(JSON.parse(json).clusters.B.gate.why).toBe("a\u001b[2Jb\nc\u009b\u202e");
  });
});
