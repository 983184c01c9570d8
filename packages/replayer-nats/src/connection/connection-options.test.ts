import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Authenticator, nkeys } from "@nats-io/nats-core";
import { afterAll, expect, test } from "vitest";
import type { NatsConnectOptions } from "../connect-options.ts";
import { readEnqueuerOptions } from "../options.ts";
import { connectionOptions } from "./connection-options.ts";

const folder = mkdtempSync(join(tmpdir(), "helix-credentials-"));
afterAll(() => rmSync(folder, { recursive: true }));

function authenticatorOf(login: Omit<NatsConnectOptions, "servers">): () => unknown {
  const { connect } = readEnqueuerOptions({ connect: { servers: "a", ...login } });
  const { authenticator } = connectionOptions(connect as NatsConnectOptions);
  return () => (authenticator as Authenticator)("nonce");
}

test("a token and a password that are functions are asked at each connect", () => {
  let count = 0;
  const next = () => `secret ${++count}`;
  const token = authenticatorOf({ token: next });
  expect([token(), token()]).toEqual([{ auth_token: "secret 1" }, { auth_token: "secret 2" }]);
  const pass = authenticatorOf({ user: "u", pass: next });
  expect([pass(), pass()]).toEqual([
    { user: "u", pass: "secret 3" },
    { user: "u", pass: "secret 4" },
  ]);
});

test("what such a function returns is a mistake if it is no text, or empty", () => {
  expect(authenticatorOf({ token: () => "" })).toThrow("Expected `token()` to be");
  expect(authenticatorOf({ token: () => undefined as never })).toThrow("Expected `token()` to be");
});

test("a credentials file is read at each connect", () => {
  const credsFile = join(folder, "pod.creds");
  const seed = new TextDecoder().decode(nkeys.createUser().getSeed());
  const write = (jwt: string) =>
    writeFileSync(
      credsFile,
      `-----BEGIN NATS USER JWT-----\n${jwt}\n------END NATS USER JWT------\n\n` +
        `-----BEGIN USER NKEY SEED-----\n${seed}\n------END USER NKEY SEED------\n`,
    );
  write("first");
  const authenticate = authenticatorOf({ credsFile });
  expect(authenticate()).toMatchObject({ jwt: "first" });
  write("second");
  expect(authenticate()).toMatchObject({ jwt: "second" });
});
