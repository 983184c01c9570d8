import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer as createPlain } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo, Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { certificates } from "@helix/testkit";
import { afterAll, expect, it } from "vitest";
import { typed } from "./rig.ts";

const env = { HELIX_TOKEN: "a-token-of-thirty-two-characters-here" };
const { key, addressed, authority, otherAuthority, named, expired } = certificates;
const folder = mkdtempSync(join(tmpdir(), "helix-cli-tls-"));
afterAll(() => rmSync(folder, { recursive: true }));
const file = (name: string, text: string) => {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
};
const ca = `--ca ${file("ca.pem", authority)}`;
const otherCa = `--ca ${file("other.pem", otherAuthority)}`;

async function on<T>(server: Server, ask: (port: number) => Promise<T>): Promise<T> {
  await once(server.listen(0, "127.0.0.1"), "listening");
  try {
    return await ask((server.address() as AddressInfo).port);
  } finally {
    server.close();
  }
}

it.each<[string, string, string, RegExp]>([
  ["no authority that is known", addressed, "", /: .* certificate.*: give --ca FILE, of whoever has signed/],
  ["another authority", addressed, otherCa, /: .* certificate.*: give --ca FILE, of whoever has signed/],
  [
    "another name",
    named,
    ca,
    /does not match certificate.*: give --server-name HOST, as the certificate has it/,
  ],
  ["a certificate that has expired", expired, ca, /certificate has expired/],
])("of a pod with %s it is told what is wrong with that", async (_, cert, flags, words) => {
  const { exit, err } = await on(createServer({ key, cert }), (port) =>
    typed(`status --url https://127.0.0.1:${port} ${flags}`, { env }),
  );
  expect([exit, err]).toEqual([1, expect.stringMatching(words)]);
  expect(err).toMatch(/^helix: https:\/\/127\.0\.0\.1:\d+ cannot be asked: /);
});

it("a pod that is reached by another address than its certificate has is asked by the name in that", async () => {
  let asked = 0;
  const server = createServer({ key, cert: named }, (_, response) => {
    asked++;
    response.writeHead(403).end();
  });
  const { err } = await on(server, (port) =>
    typed(`status --url https://127.0.0.1:${port} ${ca} --server-name b.example`, { env }),
  );
  expect([asked, err]).toEqual([1, expect.stringContaining("has answered with 403")]);
});

it("of a pod without TLS that is asked by it the address is told that would do", async () => {
  const { exit, err } = await on(createPlain(), (port) =>
    typed(`status --url https://127.0.0.1:${port}`, { env }),
  );
  expect([exit, err]).toEqual([
    1,
    expect.stringMatching(/it speaks no TLS there: is it http:\/\/127.*\?\n$/),
  ]);
});

it("of a pod with TLS that is asked without it the address is told that would do", async () => {
  const { exit, err } = await on(createServer({ key, cert: addressed }), (port) =>
    typed(`status --url http://127.0.0.1:${port}`, { env }),
  );
  expect([exit, err]).toEqual([1, expect.stringMatching(/is it https:\/\/127.*\?\n$/)]);
});
