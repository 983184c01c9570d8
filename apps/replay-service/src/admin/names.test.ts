import { expect, test } from "vitest";
import { isHostAllowed, isOriginAllowed } from "./names.ts";

const names = { hosts: ["helix.example", "[2001:db8::1]"], origins: ["https://page.example"] };

test.each([
  "localhost",
  "localhost:8081",
  "127.0.0.1:8081",
  "[::1]:8081",
  "10.0.0.5:8081",
  "HELIX.example:443",
  "[2001:db8::1]",
])("the API answers to %s", (host) => expect(isHostAllowed(host, "::ffff:10.0.0.5", names)).toBe(true));

test.each([
  undefined,
  "",
  "evil.example",
  "127.0.0.1.evil.example",
  "localhost.evil.example",
  "evil.example:8081",
  "10.0.0.6:8081",
  "helix.example@evil.example",
  "helix.example/",
  "helix.example:123456",
  " localhost",
])("the API does not answer to %s", (host) => expect(isHostAllowed(host, "10.0.0.5", names)).toBe(false));

const own = { host: "127.0.0.1:8081", isSecure: false };

test.each([undefined, "http://127.0.0.1:8081", "https://page.example"])("a page of %s may ask", (origin) =>
  expect(isOriginAllowed(origin, own, names)).toBe(true),
);

test.each([
  "null",
  "",
  "http://evil.example",
  "https://127.0.0.1:8081",
  "http://127.0.0.1:8082",
  "https://page.example.evil",
])("a page of %s may not", (origin) => expect(isOriginAllowed(origin, own, names)).toBe(false));
