import { readFileSync } from "node:fs";
import { isIP } from "node:net";
import {
  expected,
  having,
  type Option,
  type OptionsOf,
  object,
  optional,
  readOptions,
  text,
} from "@helix/core/queue-kit";
import type { TlsOptions } from "@nats-io/nats-core";

/** What is asked for it at each connect, so that it may change meanwhile; or the text itself, for good. */
export type NatsSecret = string | (() => string);

export interface NatsTlsOptions extends TlsOptions {
  /**
   * The host that the certificates of all servers name. Needed where they name none of what is dialled: a cluster tells
   * its clients the addresses of servers that are not in `servers`.
   * @default the host of the address in `servers`; for an IP address, that address
   */
  readonly serverName?: string | undefined;
}

/** Where the servers are, and who connects. One of the ways to authenticate, or none. */
export interface NatsConnectOptions {
  /** All servers of the cluster, as `host:port`, `nats://host:port` or `tls://host:port`: one of the last insists on TLS for all. */
  readonly servers: string | readonly string[];
  /** What the servers' monitoring shows. @default "helix" */
  readonly name?: string | undefined;
  /** Together with `pass`. @default none */
  readonly user?: string | undefined;
  /** Not empty. A function is called at each connect. @default none */
  readonly pass?: NatsSecret | undefined;
  /** Not empty. A function is called at each connect. @default none */
  readonly token?: NatsSecret | undefined;
  /** Path of a credentials file with a JWT and its seed. Read at each connect. @default none */
  readonly credsFile?: string | undefined;
  /** TLS, insisted on; its files are read at each connect. Without it, it is used where the server demands it. @default none */
  readonly tls?: NatsTlsOptions | undefined;
  /**
   * What reply subjects begin with. Where a user may subscribe to nothing but its own inbox, this must be it: with
   * another one a publish fails *after* it was stored. @default _INBOX
   */
  readonly inboxPrefix?: string | undefined;
}

/** NATS: no spaces or wildcards. */
export const SUBJECT_PREFIX = /^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$/;

/** The client library drops whatever scheme there is, and takes what is before an `@` for a part of the host. */
const ADDRESS = /^\s*(?:(?:nats|tls):\/\/)?[^\s,/?#@]+\/?\s*$/i;

const servers = object<string | readonly string[]>(
  {
    expectation: "an address such as `host:4222`, or an array of them",
    about:
      "All servers of the cluster, as `host:port`, `nats://host:port` or `tls://host:port`, which insists on TLS.",
  },
  (value, name) => {
    const all: unknown[] = Array.isArray(value) ? value : [value];
    if (all.some((one) => String(one).includes("@"))) {
      throw new TypeError(`Expected \`${name}\` to be without user and password: there are options for them`);
    }
    const wrong = all.find((one) => typeof one !== "string" || !ADDRESS.test(one));
    if (all.length === 0 || wrong !== undefined) {
      throw new TypeError(expected(name, servers.expectation, wrong ?? value));
    }
    return value as string | readonly string[];
  },
);

const path = text({ file: true, about: "Credentials file: a JWT and its seed. Read at each connect." });
const credsFile: Option<string> = {
  ...path,
  check(value, name) {
    const read = path.check(value, name);
    try {
      readFileSync(read);
    } catch (cause) {
      throw new TypeError(expected(name, "the path of a file that can be read", value), { cause });
    }
    return read;
  },
};

function secret(about: string): Option<NatsSecret> {
  const value = text({ secret: true, about });
  return {
    ...value,
    check: (given, name) =>
      typeof given === "function" ? () => value.check(given(), `${name}()`) : value.check(given, name),
  };
}

const tls = having<NatsTlsOptions>("an object of TLS options", [], {
  about: "Insist on TLS, with these files. Without it TLS is used where the server demands it.",
});

/** Also where rights are asked for without a connection. */
export const INBOX_PREFIX = {
  pattern: SUBJECT_PREFIX,
  expectation: "a subject without wildcards",
  about:
    "What reply subjects begin with: where the user may subscribe to nothing but its own inbox, this must be it.",
};

/** Every option of `connect`. */
export const CONNECT_OPTIONS: OptionsOf<NatsConnectOptions> = {
  servers,
  name: text({ fallback: "helix", about: "What the monitoring of the servers shows." }),
  user: optional(text({ about: "User; or a token, or a credentials file, or none of them." })),
  pass: optional(secret("Password of the user, or a function that is called for it at each connect.")),
  token: optional(secret("Token, or a function that is called for it at each connect.")),
  credsFile: optional(credsFile),
  tls: optional({
    ...tls,
    check(value, name) {
      const read = tls.check(value, name);
      const { serverName } = read;
      // To Node an address is no name; the certificate of a server that is dialled by address is compared with that anyhow.
      if (
        serverName !== undefined &&
        (typeof serverName !== "string" || !serverName || isIP(serverName) !== 0)
      ) {
        throw new TypeError(expected(`${name}.serverName`, "the name of a host", serverName));
      }
      return read;
    },
  }),
  inboxPrefix: optional(text(INBOX_PREFIX), "`_INBOX`"),
};

/** All of them together. */
export const connectOption = object<NatsConnectOptions>(
  { expectation: "an object", about: "A connection of the queue's own, which never gives up reconnecting." },
  (value) => {
    const read = readOptions<NatsConnectOptions>("connect", CONNECT_OPTIONS, value ?? {});
    const ways = [read.user, read.token, read.credsFile].filter((one) => one !== undefined);
    if (ways.length > 1) throw new TypeError("Expected one of `user`, `token` and `credsFile`, got several");
    if (read.pass !== undefined && read.user === undefined) {
      throw new TypeError("Expected `user` to be given together with `pass`");
    }
    const insists = [read.servers].flat().some((one) => /^\s*tls:/i.test(one));
    return insists ? { tls: {}, ...read } : read;
  },
);
