import { expect, it } from "vitest";
import { controlConflict } from "./document.ts";

it.each([
  [0, "There is a document `gates` already: somebody has made it. Read it again"],
  [7, "The document `gates` is not at revision 7 any more: somebody has changed it. Read it again"],
])("a conflict with revision %i says what somebody else has done", (revision, text) => {
  expect(controlConflict("gates", revision).message).toBe(text);
});
