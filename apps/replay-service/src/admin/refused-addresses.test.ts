import { ManualClock } from "@helix/testkit/manual-clock";
import { expect, test } from "vitest";
import { RefusedAddresses } from "./refused-addresses.ts";

function refuse(addresses: RefusedAddresses, address: string, times: number): void {
  for (let n = 0; n < times; n++) addresses.refused(address);
}

test("after ten within a minute an address waits for the end of that minute, and no other does", () => {
  const clock = new ManualClock();
  const addresses = new RefusedAddresses(clock);
  refuse(addresses, "10.0.0.1", 9);
  expect(addresses.waitMs("10.0.0.1")).toBeUndefined();
  clock.advanceNow(20_000);
  refuse(addresses, "10.0.0.1", 1);
  expect(addresses.waitMs("10.0.0.1")).toBe(40_000);
  expect(addresses.waitMs("10.0.0.2")).toBeUndefined();
  clock.advanceNow(40_000);
  expect(addresses.waitMs("10.0.0.1")).toBeUndefined();
});

test.each([
  ["2001:db8:1:2::1", "2001:db8:1:2:aaaa::5", true],
  ["2001:db8:1:2::1", "2001:db8:1:3::1", false],
  ["::1", "::2", true],
  ["fe80::1%eth0", "fe80::2%eth1", true],
  ["::ffff:10.0.0.1", "10.0.0.1", true],
  ["::ffff:10.0.0.1", "::ffff:10.0.0.2", false],
])(
  "%s and %s are one: they share a network of version 6, or are the same of version 4 (%s)",
  (one, other, isOne) => {
    const addresses = new RefusedAddresses(new ManualClock());
    refuse(addresses, one, 10);
    expect(addresses.waitMs(other) !== undefined).toBe(isOne);
  },
);

test("of more than ten thousand addresses the one that came first is forgotten", () => {
  const addresses = new RefusedAddresses(new ManualClock());
  refuse(addresses, "10.0.0.1", 10);
  for (let n = 0; n < 9_999; n++) addresses.refused(`192.168.${n >> 8}.${n & 255}`);
  expect(addresses.waitMs("10.0.0.1")).toBeDefined();
  addresses.refused("172.16.0.1");
  expect(addresses.waitMs("10.0.0.1")).toBeUndefined();
});
