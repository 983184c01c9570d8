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

  it("that is repeated by its key is the same one, whichever pod it is given to, though the gates have another revision by then", async () => {
    const { operated, control } = setUp();
    const before = await pause(operated, "A", ANNA);
    const order = { ...ANNA, revision: before, idempotencyKey: "k1" };
    const first = await drain(operated, "B", order);
    expect(await drain(operated, "B", order)).toBe(first);
    expect((await control.get("gates"))?.revision).toBe(first);
    const later = await resume(operated, "A", BERT);
    expect(await drain(operated, "B", order)).toBe(later);
    expect((await status(operated)).clusters.B.gate).toMatchObject({ state: "drained", by: "anna" });
  });

  it("is no repeat of the same one for the other cluster, nor once there was another one", async () => {
    const { operated } = setUp();
    const order = { ...ANNA, idempotencyKey: "k1" };
    const first = await pause(operated, "B", order);
    expect(await pause(operated, "A", order)).toBeGreaterThan(first);
    await resume(operated, "B", BERT);
    await expect(pause(operated, "B", { ...order, revision: first })).rejects.toMatchObject({
      code: "HELIX_CONTROL_CONFLICT",
    });
    await pause(operated, "B", order);
    expect((await status(operated)).clusters.B.gate?.state).toBe("paused");
  });

  it.each([
    ["another verb", drain, {}],
    ["another reason", pause, { why: "new disks" }],
    ["another person", pause, { by: "bert" }],
    ["an end", pause, { untilMs: 10_000_000_000_000 }],
  ])("with the key of the last one and %s is refused", async (_, verb, more) => {
    const { operated } = setUp();
    const order = { ...ANNA, idempotencyKey: "k1" };
    await pause(operated, "B", order);
    await expect(verb(operated, "B", { ...order, ...more })).rejects.toMatchObject({
      code: "HELIX_ORDER_KEY_REUSED",
      cluster: "B",
    });
    expect((await status(operated)).clusters.B.gate).toMatchObject({ state: "paused", ...ANNA });
  });

  it.each([
    [{ by: "a", why: "w", idempotencyKey: "" }, /`key`/],
    [{ by: "a", why: "w", idempotencyKey: "x".repeat(201) }, /`key`/],
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
