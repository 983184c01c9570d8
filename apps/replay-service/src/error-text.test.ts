import { helixError } from "@helix/core";
import { expect, test } from "vitest";
import { errorText } from "./error-text.ts";

test("an option of the queue is called by the variable that an operator sets, and nothing else is changed", () => {
  const text = "`max_msgs` is 1, see `maxMsgs` and `constructor`";
  const drift = helixError("HELIX_TOPOLOGY_DRIFT", text, { differences: [] });
  expect(errorText(drift)).toBe("`max_msgs` is 1, see `HELIX_QUEUE_MAX_MSGS` and `constructor`");
});
