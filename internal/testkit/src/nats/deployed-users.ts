import { readFileSync } from "node:fs";
import type { NatsServerOptions } from "./nats-server.ts";

const FILE = new URL("../../../../deploy/nats/users.conf", import.meta.url);

/** Starts a server with the users of `deploy/nats/users.conf` as the file stands, each with the password `p`, and with others beside them. */
export function withDeployedUsers(
  ...more: readonly object[]
): Pick<NatsServerOptions, "config" | "files" | "environment"> {
  const text = readFileSync(FILE, "utf8");
  const passwords = text.match(/(?<=\$)HELIX_\w+_PASSWORD/g) ?? [];
  const others = more.map((user) => `${JSON.stringify(user)}\n`).join("");
  return {
    config: { authorization: { include: "users.conf" } },
    files: { "users.conf": text.replace("users: [\n", (start) => start + others) },
    environment: Object.fromEntries(passwords.map((name) => [name, "p"])),
  };
}
