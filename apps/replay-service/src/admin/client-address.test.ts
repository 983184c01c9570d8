import type { IncomingMessage } from "node:http";
import { expect, test } from "vitest";
import { isNetwork } from "../config/addresses.ts";
import { clientAddresses } from "./client-address.ts";

const from = (remoteAddress: string, forwarded?: string) =>
  ({ socket: { remoteAddress }, headers: { "x-forwarded-for": forwarded } }) as unknown as IncomingMessage;

test.each([
  ["nobody is trusted unless named", [], "10.0.0.1", "1.2.3.4", "10.0.0.1"],
  ["a proxy says whom it answers", ["10.0.0.1"], "10.0.0.1", "1.2.3.4", "1.2.3.4"],
  ["a proxy of a network does", ["10.0.0.0/8"], "10.9.9.9", "1.2.3.4", "1.2.3.4"],
  ["an IPv4 proxy does on a socket of version 6", ["10.0.0.1"], "::ffff:10.0.0.1", "1.2.3.4", "1.2.3.4"],
  ["a proxy of version 6 does", ["fd00::/8"], "fd00::1", "2001:db8::7", "2001:db8::7"],
  ["of somebody else nothing is believed", ["10.0.0.1"], "10.0.0.2", "1.2.3.4", "10.0.0.2"],
  [
    "what a client has put before its own is not believed",
    ["10.0.0.1"],
    "10.0.0.1",
    "9.9.9.9, 1.2.3.4",
    "1.2.3.4",
  ],
  [
    "two proxies in a row are passed",
    ["10.0.0.1", "10.0.0.2"],
    "10.0.0.1",
    "9.9.9.9, 1.2.3.4, 10.0.0.2",
    "1.2.3.4",
  ],
  ["what is no address is not believed", ["10.0.0.1"], "10.0.0.1", "unknown", "10.0.0.1"],
  ["a proxy that says nothing is the one that asks", ["10.0.0.1"], "10.0.0.1", undefined, "10.0.0.1"],
])("%s", (_, proxies, remote, forwarded, address) => {
  expect(clientAddresses(proxies)(from(remote, forwarded))).toBe(address);
});

test.each(["10.0.0.1", "10.0.0.0/8", "::1", "fd00::/8"])("%s is a network", (text) => {
  expect(isNetwork(text)).toBe(true);
  expect(clientAddresses([text])(from("192.0.2.1"))).toBe("192.0.2.1");
});

test.each(["loopback", "0.0.0.0/0", "::/0", "10.0.0.0/33", "10.0.0.0/x", "proxy.example", "*", "", "1"])(
  "%j is no network",
  (text) => expect(isNetwork(text)).toBe(false),
);
