import { expect, it } from "vitest";
import { visible } from "./visible.ts";

it("what nobody would see stands there as JSON has it, and all else as it is", () => {
  expect(visible("Zoë 東京 é – ok\u202e\u061c\u200b\u{e0041}\n")).toBe(
    "Zoë 東京 é – ok\\u202e\\u061c\\u200b\\udb40\\udc41\\u000a",
  );
});

it("what is to stay as it is does", () => {
  expect(visible("a\n\tb\u0007", "\n\t")).toBe("a\n\tb\\u0007");
});
