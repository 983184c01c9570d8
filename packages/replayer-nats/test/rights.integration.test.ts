import { waitFor } from "@helix/testkit";
import { type NatsServer, startNatsServer } from "@helix/testkit/nats";
import { jetstreamManager } from "@nats-io/jetstream";
import { errors, type NatsConnection } from "@nats-io/nats-core";
import { connect } from "@nats-io/transport-node";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type NatsRole, natsPermissions } from "../src/index.ts";
import { Rig } from "./rig.ts";
import { TOURS, type Tourist } from "./role-tours.ts";

const ROLES: readonly NatsRole[] = ["application", "worker", "operator", "provisioner", "updater"];
const namesFor = (user: string) => ({ streamName: user, subjectPrefix: `${user}.replay` });
const inboxOf = (user: string) => `_INBOX_${user}`;
const rightsOf = (role: NatsRole, user: string) =>
  natsPermissions(role, { ...namesFor(user), inboxPrefix: inboxOf(user) });

interface Case {
  readonly role: NatsRole;
  readonly user: string;
  /** What it may not publish to, though the role does. */
  readonly without?: string | undefined;
}

const WHOLE: readonly Case[] = ROLES.map((role) => ({ role, user: role }));
const PARTIAL: readonly Case[] = ROLES.flatMap(
  (role) =>
    rightsOf(role, role).publish.map((_, at) => {
      const user = `${role}-${at}`;
      return { role, user, without: rightsOf(role, user).publish[at] };
    }),
  // What an updater shares with the provisioner is tried with that one.
).filter(({ role, without }) => role !== "updater" || without?.startsWith("$JS.API.STREAM.UPDATE."));

let server: NatsServer;
beforeAll(async () => {
  const users = [...WHOLE, ...PARTIAL].map(({ role, user, without }) => {
    const { publish, subscribe } = rightsOf(role, user);
    return {
      user,
      password: "p",
      permissions: { publish: publish.filter((subject) => subject !== without), subscribe },
    };
  });
  server = await startNatsServer({
    config: { authorization: { users: [...users, { user: "all", password: "p" }] } },
  });
});
afterAll(() => server.stop());

/** Subjects that the server refused, as they come. */
function refusalsOf(connection: NatsConnection): string[] {
  const refused: string[] = [];
  void (async () => {
    for await (const status of connection.status()) {
      const { error } = status as { error?: unknown };
      if (error instanceof errors.PermissionViolationError) refused.push(error.subject);
    }
  })();
  return refused;
}

async function touristOf(rig: Rig, user: string): Promise<Tourist> {
  const as = (name: string, inboxPrefix: string) =>
    connect({ servers: server.url, user: name, pass: "p", inboxPrefix });
  const connection = rig.closing(await as(user, inboxOf(user)));
  const all = rig.closing(await as("all", "_INBOX"));
  return {
    rig,
    connection,
    names: namesFor(user),
    all: { connection: all, api: await jetstreamManager(all) },
  };
}

function matches(pattern: string, subject: string): boolean {
  const source = pattern
    .split(".")
    .map((token) => (token === "*" ? "[^.]+" : token === ">" ? ".+" : token.replace(/[$-]/g, "\\$&")))
    .join("\\.");
  return new RegExp(`^${source}$`).test(subject);
}

describe.each(ROLES)("the rights of the %s", (role) => {
  it("are enough for all that it does", async () => {
    await using rig = new Rig(server);
    const tourist = await touristOf(rig, role);
    const refused = refusalsOf(tourist.connection);
    await TOURS[role](tourist);
    await tourist.connection.flush();
    expect(refused).toEqual([]);
    expect(rig.log.filter(({ level }) => level === "error")).toEqual([]);
  });

  it.each(PARTIAL.filter((one) => one.role === role))(
    "without $without it is told",
    async ({ user, without = "" }) => {
      await using rig = new Rig(server);
      const tourist = await touristOf(rig, user);
      const refused = refusalsOf(tourist.connection);
      let failure: unknown;
      void TOURS[role](tourist).catch((error: unknown) => {
        failure = error;
      });
      const isTold = () => failure !== undefined || rig.log.some(({ fields }) => "err" in fields);
      await waitFor(() => refused.length > 0 && isTold(), {
        timeoutMs: 5000,
        describe: "the server refuses, and somebody is told",
      });
      expect(refused.filter((subject) => !matches(without, subject))).toEqual([]);
    },
  );
});
