import { expect, test } from "vitest";
import type { NatsConnectOptions } from "./connect-options.ts";
import { readEnqueuerOptions } from "./options.ts";

const read = (connect: unknown) => readEnqueuerOptions({ connect: connect as NatsConnectOptions }).connect;

test.each([
  ["nats://a:4222", false],
  ["a", false],
  ["tls://a:4222", true],
  ["TLS://a", true],
  [["a:4222", " tls://b:4222/ "], true],
  ["[::1]:4222", false],
])("%j insists on TLS: %s", (servers, insists) => {
  expect(read({ servers })?.tls).toEqual(insists ? {} : undefined);
});

test("the TLS options that are given stay what they are for an address that insists on TLS", () => {
  const tls = { caFile: "/ca.pem", serverName: "b.example" };
  expect(read({ servers: "tls://a:4222", tls })?.tls).toEqual(tls);
});

test.each<[object, string]>([
  [{ servers: "nats://user:canary@a:4222" }, "Expected `servers` to be without user and password"],
  [{ servers: ["a:4222", "token@b:4222"] }, "Expected `servers` to be without user and password"],
  [{ servers: "ws://a:4222" }, "Expected `servers` to be an address such as"],
  [{ servers: "a:4222,b:4222" }, "Expected `servers` to be an address such as"],
  [{ servers: ["a:4222", ""] }, "Expected `servers` to be an address such as"],
  [{ servers: [] }, "Expected `servers` to be an address such as"],
  [{ servers: "a", tls: { serverName: "10.0.0.1" } }, "Expected `tls.serverName` to be the name of a host"],
  [{ servers: "a", tls: { serverName: "" } }, "Expected `tls.serverName` to be the name of a host"],
  [{ servers: "a", tls: null }, "Expected `tls` to be an object of TLS options"],
])("%j is refused, and no password is in the text", (connect, text) => {
  expect(() => read(connect)).toThrow(text);
  expect(() => read(connect)).not.toThrow("canary");
});
