import { expect, it } from "vitest";
import { waitFor } from "./wait-for.ts";

it("resolves with the condition's first truthy value", async () => {
  let looks = 0;
  const value = await waitFor(() => ++looks === 3 && "there", { timeoutMs: 5_000, describe: "it is there" });
  expect([value, looks]).toEqual(["there", 3]);
});

it("takes a condition that throws for one that is not met yet", async () => {
  let looks = 0;
  const condition = () => {
    if (++looks < 3) throw new Error("not yet");
    return looks;
  };
  expect(await waitFor(condition, { timeoutMs: 5_000, describe: "it is there" })).toBe(3);
});

it("rejects at the deadline with what was waited for and why it was not met", async () => {
  const cause = new Error("not yet");
  const condition = () => Promise.reject(cause);
  await expect(waitFor(condition, { timeoutMs: 30, describe: () => "it is there" })).rejects.toMatchObject({
    message: "Waited 30 ms in vain until it is there",
    cause,
  });
});

it("rejects at the deadline although the condition hangs", async () => {
  const hanging = waitFor(() => new Promise<boolean>(() => {}), { timeoutMs: 30, describe: "it answers" });
  await expect(hanging).rejects.toThrow("in vain until it answers");
});

it("rejects with the signal's reason, before and in the middle", async () => {
  const reason = new Error("given up");
  const options = { timeoutMs: 5_000, describe: "it is there" };
  await expect(waitFor(() => true, { ...options, signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  const controller = new AbortController();
  const waiting = waitFor(() => false, { ...options, signal: controller.signal });
  controller.abort(reason);
  await expect(waiting).rejects.toBe(reason);
});
