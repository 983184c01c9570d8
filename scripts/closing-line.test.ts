import { expect, test, vi } from "vitest";
import { ClosingLine } from "./closing-line.ts";

test("a run with errors outside of its tests says them and counts them, whatever was thrown", () => {
  const write = vi.spyOn(process.stdout, "write").mockReturnValue(true);
  let lines: unknown[];
  try {
    const errors = [
      Object.assign(Object.create(null), { message: "lost\nat here" }),
      Object.create(null),
      "text",
      null,
    ];
    new ClosingLine().onTestRunEnd([], errors, "failed");
    lines = write.mock.calls.map(([line]) => line);
  } finally {
    write.mockRestore();
  }
  expect(lines).toEqual([
    "failed: outside of the tests: lost\n",
    "failed: outside of the tests: [Object: null prototype] {}\n",
    "failed: outside of the tests: 'text'\n",
    "failed: outside of the tests: null\n",
    "0 passed, 4 failed\n",
  ]);
});
