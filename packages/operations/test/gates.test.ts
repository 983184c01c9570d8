import { isHelixError } from "@helix/core";
import { describe, expect, it } from "vitest";
import { drain, pause, resume, status, undrain } from "../src/index.ts";
import { setUp } from "./rig.ts";

const ANNA = { by: "anna", why: "schema change" };
const BERT = { by: "bert", why: "new disks" };

describe("an order for a cluster", () => {
  it("is stored, told by the status with who, why and until when, and is one audit record", async () => {
    const { operated, records, clock } = setUp();
    const untilMs = clock.wallMs() + 3_600_000;
    const revision = await pause(operated, "B", { ...ANNA, untilMs });
    const { clusters, revisions } = await status(operated);
    const sinceMs = clock.wallMs();
    expect(clusters.B.gate).toEqual({ state: "paused", ...ANNA, sinceMs, untilMs });
    expect([clusters.A.gate, revisions.gates]).toEqual([{ state: "open" }, revision]);
    expect(records).toEqual([{ atMs: sinceMs, verb: "pause", subject: { cluster: "B", untilMs }, ...ANNA }]);
  });

  it("is taken back by the verb that belongs to it, by somebody else as well", async () => {
    const { operated } = setUp();
    const stateOf = async () => (await status(operated)).clusters.B.gate?.state;
    await pause(operated, "B", ANNA);
    await resume(operated, "B", BERT);
    expect(await stateOf()).toBe("open");
    await drain(operated, "B", ANNA);
    expect(await stateOf()).toBe("drained");
    await undrain(operated, "B", BERT);
    expect(await stateOf()).toBe("open");
  });

  it("is over at its end, whoever asks", async () => {
    const { operated, clock } = setUp();
    await drain(operated, "B", { ...ANNA, untilMs: clock.wallMs() + 1000 });
    await clock.advance(1000);
    expect((await status(operated)).clusters.B.gate).toEqual({ state: "open" });
  });

  it("takes no drain back that it does not speak of, though it was seen, and says what does", async () => {
    const { operated, records } = setUp();
    const revision = await drain(operated, "B", ANNA);
    for (const verb of [pause, resume]) {
      for (const seen of [undefined, revision]) {
        const error = await verb(operated, "B", { ...BERT, revision: seen }).catch(
          (thrown: unknown) => thrown,
        );
        expect(error).toMatchObject({ code: "HELIX_GATE_REFUSED", cluster: "B", state: "drained" });
        expect(String(error)).toMatch(/B is drained by anna \(schema change\).*Undrain it first/);
      }
    }
    expect((await status(operated)).clusters.B.gate?.state).toBe("drained");
    await undrain(operated, "B", BERT);
    await pause(operated, "B", BERT);
    await expect(undrain(operated, "B", BERT)).rejects.toThrow(/B is paused by bert.*Resume it first/);
    expect((await status(operated)).clusters.B.gate?.state).toBe("paused");
    expect(records.map(({ verb, refusedBy }) => [verb, refusedBy])).toEqual([
      ["drain", undefined],
      ["pause", "HELIX_GATE_REFUSED"],
      ["pause", "HELIX_GATE_REFUSED"],
      ["resume", "HELIX_GATE_REFUSED"],
      ["resume", "HELIX_GATE_REFUSED"],
      ["undrain", undefined],
      ["pause", undefined],
      ["undrain", "HELIX_GATE_REFUSED"],
    ]);
  });

  it("over what somebody has replaced is refused, with what that is, and audited as refused", async () => {
    const { operated, records } = setUp();
    const revision = await pause(operated, "B", ANNA);
    await pause(operated, "B", BERT);
    const error = await resume(operated, "B", { ...ANNA, revision }).catch((thrown: unknown) => thrown);
    expect(isHelixError(error, "HELIX_CONTROL_CONFLICT") && error.found?.value).toMatchObject({
      B: { state: "paused", by: "bert", reason: "new disks" },
    });
    expect(records.at(-1)).toMatchObject({ verb: "resume", by: "anna", refusedBy: "HELIX_CONTROL_CONFLICT" });
  });

  it.each([
    [{ by: "", why: "w" }, /`by`/],
    [{ by: "a", why: "" }, /`reason`/],
    [{ by: "a", why: 5 as unknown as string }, /`reason`/],
    [{ by: "a", why: "x".repeat(501) }, /`reason`/],
    [{ by: "a", why: "w", untilMs: 1 }, /`untilMs`/],
  ])("needs a person, a reason and a time to come: %j is refused and audited", async (options, message) => {
    const { operated, records, control } = setUp();
    await expect(pause(operated, "B", options)).rejects.toThrow(message);
    expect(await control.get("gates")).toBeUndefined();
    expect(records).toHaveLength(1);
    expect(records[0]?.refusedBy).toMatch(/^(Type|Range)Error$/);
  });

  it("is given whatever the audit does", async () => {
    const { operated } = setUp();
    const audits = [
      () => {
        throw new Error("full");
      },
      () => Promise.reject(new Error("full")),
    ];
    for (const audit of audits) await pause({ ...operated, audit }, "B", ANNA);
    expect((await status(operated)).clusters.B.gate?.state).toBe("paused");
  });
});
