import { expect, it } from "vitest";
import { loggedAudit } from "./audit.ts";

it.each([
  [undefined, "an operator's order"],
  ["HELIX_GATE_REFUSED", "an operator's order, which was refused or has failed"],
])("a line of the log says whether it was done (%s)", (refusedBy, text) => {
  const lines: unknown[] = [];
  const take = (fields: object, message: string) => void lines.push([fields, message]);
  const audit = { atMs: 1, verb: "pause", subject: { cluster: "B" }, by: "ops", why: "x", refusedBy };
  loggedAudit({ debug: take, info: take, warn: take, error: take })(audit);
  expect(lines).toEqual([[{ audit }, text]]);
});
