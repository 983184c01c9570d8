import type { EndpointName } from "@helix/admin-api";
import type { JobVerb, Status } from "@helix/operations";
import { UsageError } from "../failures.ts";
import { HttpClient } from "./http-client.ts";
import type { Operator, ShownJob } from "./operator.ts";
import { type Sources, textIn } from "./sources.ts";

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;

/** By the admin API of a pod. Connects to nobody before something is asked. */
export function openHttpOperator(sources: Sources): Operator {
  const { ca, serverName } = sources.flags;
  const client = new HttpClient({
    url: urlOf(sources),
    token: tokenOf(sources),
    ca: ca === undefined ? undefined : textIn(ca, "--ca"),
    serverName,
  });
  return operatorBy(client);
}

function operatorBy(client: HttpClient): Operator {
  return {
    // There may be more in it than is described.
    status: () => client.ask("status") as Promise<Status>,
    order: async (verb, cluster, body) => (await client.ask(verb, { params: { cluster }, body })).revision,
    async setRate(cluster, { untilMs, ...body }) {
      const params = { cluster };
      const asked =
        body.perSecond === undefined
          ? client.ask("removeRate", { params, body })
          : client.ask("setRate", { params, body: { ...body, untilMs } });
      return (await asked).revision;
    },
    doctor: () => client.ask("doctor"),
    letters: (box, filter, page) =>
      client.ask(box === "dead" ? "deadLetters" : "trash", { query: { ...filter, ...page } }),
    letterGroups: (box, filter, page) =>
      client.ask(box === "dead" ? "deadLetterGroups" : "trashGroups", { query: { ...filter, ...page } }),
    jobCount: (verb, filter) => client.ask("jobCount", { query: { ...filter, verb } }),
    letter: async (box, id) =>
      (await client.ask(box === "dead" ? "deadLetter" : "trashedLetter", { params: { id } })).letter,
    values: (box, id, body) =>
      client.ask(box === "dead" ? "deadLetterValues" : "trashedLetterValues", { params: { id }, body }),
    async startJob({ verb, force, idempotencyKey: key, ...body }) {
      const name = verb === "redrive" && force === true ? "startForcedRedrive" : STARTS[verb];
      return (await client.ask(name, { body, key })).job;
    },
    async jobs() {
      const all: ShownJob[] = [];
      let cursor: string | undefined;
      do {
        const page = await client.ask("jobs", { query: { limit: MOST_AT_ONCE, cursor } });
        all.push(...page.jobs);
        cursor = page.cursor;
      } while (cursor !== undefined);
      return { jobs: all };
    },
    job: async (id) => (await client.ask("job", { params: { id } })).job,
    cancelJob: async (id, body) => (await client.ask("cancelJob", { params: { id }, body })).job,
    async [Symbol.asyncDispose]() {
      client.close();
    },
  };
}

const MOST_AT_ONCE = 200;

const STARTS = {
  redrive: "startRedrive",
  discard: "startDiscard",
  restore: "startRestore",
  empty: "startEmpty",
} as const satisfies Record<JobVerb, EndpointName>;

/** @throws UsageError for what is no address of a pod, or would show the token to whoever listens. */
function urlOf(sources: Sources): URL {
  const { flags } = sources;
  const given = flags.url ?? sources.variable("HELIX_URL") ?? "";
  const url = URL.canParse(given) ? new URL(given) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.search !== "" || url.hash !== "") {
    throw new UsageError(
      `Expected --url to be the address of a pod's admin API, got ${JSON.stringify(given)}`,
      "helix status --url http://127.0.0.1:8081",
    );
  }
  if (url.username !== "" || url.password !== "") {
    throw new UsageError(
      "Expected --url to be without user and password: the token comes from HELIX_TOKEN, or a file",
    );
  }
  if (url.protocol === "http:" && !LOOPBACK.test(url.hostname) && !flags.allowPlainHttp) {
    throw new UsageError(
      `Without TLS whoever can read what is sent to ${url.hostname} has the token`,
      `helix status --url https://${url.host}`,
      `helix status --url ${url.origin} --allow-plain-http`,
    );
  }
  return url;
}

/** @throws UsageError where there is none. */
function tokenOf(sources: Sources): string {
  const path = sources.flags.tokenFile ?? sources.variable("HELIX_TOKEN_FILE");
  const given = path === undefined ? sources.variable("HELIX_TOKEN") : textIn(path, "the file of the token");
  if (given === undefined) {
    throw new UsageError(
      "Expected to have a token: set HELIX_TOKEN, or give --token-file",
      "helix status --token-file ~/.helix-token",
    );
  }
  const token = given.trim();
  if (/^[\x21-\x7e]+$/.test(token)) return token;
  throw new UsageError("Expected the token to be one word of ASCII, got something else");
}
