import { expect, test } from "vitest";
import { deliveryOf } from "./ack-subject.ts";

const source = { stream: "helix-replay", consumer: "helix-worker-high-A" };
const expected = { streamSequence: 42, deliveries: 3, storedAtMs: 1_764_000_000_123 };

test.each([
  ["$JS.ACK.helix-replay.helix-worker-high-A.3.42.7.1764000000123456789.5", expected],
  ["$JS.ACK._.ACCHASH.helix-replay.helix-worker-high-A.3.42.7.1764000000123456789.5", expected],
  ["$JS.ACK.hub.ACCHASH.helix-replay.helix-worker-high-A.3.42.7.1764000000123456789.5.random", expected],
  ["$JS.ACK.helix-replay.helix-worker-high-A.3.42.7.1764000000123456789", undefined],
  ["$JS.ACK.helix-replay.helix-worker-high-B.3.42.7.1764000000123456789.5", undefined],
  ["$JS.ACK.other.helix-worker-high-A.3.42.7.1764000000123456789.5", undefined],
  ["$JS.ACK.helix-replay.helix-worker-high-A.0.42.7.1764000000123456789.5", undefined],
  ["$JS.ACK.helix-replay.helix-worker-high-A.x.42.7.1764000000123456789.5", undefined],
  ["$JS.ACK.helix-replay.helix-worker-high-A.0x1.42.7.1764000000123456789.5", undefined],
  ["$JS.ACK.helix-replay.helix-worker-high-A.1e3.42.7.1764000000123456789.5", undefined],
  ["$JS.ACK.helix-replay.helix-worker-high-A.1.4.5.7.1764000000123456789", undefined],
  ["$JS.ACK.helix-replay.helix-worker-high-A.1.9999999999999999999.7.1764000000123456789.5", undefined],
  ["$JS.ACK.helix-replay.helix-worker-high-A.1.42.7.-1.5", undefined],
  ["_INBOX.abc.1", undefined],
  ["", undefined],
  [undefined, undefined],
])("of %s it reads %o", (reply, delivery) => {
  expect(deliveryOf(reply, source)).toEqual(delivery);
});
