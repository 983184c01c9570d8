import { setMaxListeners } from "node:events";
import { expect, onTestFinished, test } from "vitest";
import { onAbort } from "./on-abort.ts";

/** As Node 22 makes it. */
function counting(): AbortController {
  const controller = new AbortController();
  setMaxListeners(10, controller.signal);
  return controller;
}

function heardWarnings(): Error[] {
  const heard: Error[] = [];
  const hear = (warning: Error) => heard.push(warning);
  process.on("warning", hear);
  onTestFinished(() => void process.off("warning", hear));
  return heard;
}

const aTurn = () => new Promise((resolve) => setImmediate(resolve));

test("any number may wait for a signal, and the process says nothing of that", async () => {
  const warnings = heardWarnings();
  const { signal } = counting();
  for (let n = 0; n < 11; n++) signal.addEventListener("abort", () => {});
  await aTurn();
  expect(warnings).toMatchObject([{ name: "MaxListenersExceededWarning" }]);
  const other = counting();
  let calls = 0;
  const ends = Array.from({ length: 100 }, () => onAbort(other.signal, () => calls++));
  for (const end of ends.slice(0, 40)) end();
  await aTurn();
  other.abort();
  other.abort();
  expect([calls, warnings.length]).toEqual([60, 1]);
});

test("a signal of another kind is waited for as well", () => {
  const listeners = new Set<() => void>();
  const signal = {
    aborted: false,
    addEventListener: (_: string, listener: () => void) => listeners.add(listener),
    removeEventListener: (_: string, listener: () => void) => listeners.delete(listener),
  };
  onAbort(signal as unknown as AbortSignal, () => {})();
  expect(listeners.size).toBe(0);
});
