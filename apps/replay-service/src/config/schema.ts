import { SESSION_OPTIONS } from "@helix/client/internal";
import type { ClusterId } from "@helix/core";
import {
  boolean,
  integer,
  list,
  milliseconds,
  oneOf,
  optional,
  text,
  withDefault,
} from "@helix/core/internal";
import { CONNECT_OPTIONS, REPLAYER_OPTIONS } from "@helix/replayer-nats/internal";
import { WORKER_OPTIONS } from "@helix/worker/internal";
import { isHostPort, isNatsServer, isNetwork } from "./addresses.ts";
import { file, type Setting, secret } from "./setting.ts";

/** The driver's names of consistency levels that a write can have. */
const CONSISTENCIES = [
  "any",
  "one",
  "two",
  "three",
  "quorum",
  "all",
  "localQuorum",
  "eachQuorum",
  "localOne",
] as const;

/**
 * Every setting there is, by section and name. The environment variable (`worker.batchSize` is
 * `HELIX_WORKER_BATCH_SIZE`), the key in the configuration file, the validation, the output of `--check` and
 * the table in the README all come from here; what an option of a package means, and takes, is said in that package.
 */
export const SCHEMA = {
  nats: {
    servers: list({
      isItem: isNatsServer,
      expectation: "addresses such as nats-1:4222,nats-2:4222, without user and password",
      about: "All servers of the NATS cluster.",
    }),
    name: withDefault("helix-replay-service", CONNECT_OPTIONS.name),
    user: CONNECT_OPTIONS.user,
    password: secret("Password of the user."),
    token: secret("Token."),
    // Of the package's own the check reads it.
    credsFile: file(CONNECT_OPTIONS.credsFile.about),
    tls: flag(
      "Insist on TLS. Without it TLS is used where the server demands it. True if one of the files or the name below is given, or an address is tls://….",
    ),
    tlsCaFile: file("Authorities that sign the certificates of the servers, PEM. Without it, those of Node."),
    tlsCertFile: file("Certificate of the service, PEM."),
    tlsKeyFile: file("Key of that certificate, PEM."),
    tlsServerName: serverName(
      "The host that the certificates of all servers name, where they do not name what is connected to: the hosts above, or their addresses.",
    ),
    inboxPrefix: CONNECT_OPTIONS.inboxPrefix,
    allowOldServer: REPLAYER_OPTIONS.allowOldServer,
  },
  queue: {
    streamName: REPLAYER_OPTIONS.streamName,
    subjectPrefix: REPLAYER_OPTIONS.subjectPrefix,
    provision: REPLAYER_OPTIONS.provision,
    adoptGoStream: REPLAYER_OPTIONS.adoptGoStream,
    maxAgeMs: REPLAYER_OPTIONS.maxAgeMs,
    maxMsgs: REPLAYER_OPTIONS.maxMsgs,
    maxBytes: REPLAYER_OPTIONS.maxBytes,
    maxDeadLetters: REPLAYER_OPTIONS.maxDeadLetters,
    // That it is odd is among the rules, which say so.
    replicas: { ...REPLAYER_OPTIONS.replicas, check: integer({ min: 1, max: 5 }).check },
    publishTimeoutMs: REPLAYER_OPTIONS.publishTimeoutMs,
    enqueueTimeoutMs: { ...REPLAYER_OPTIONS.enqueueTimeoutMs, atLeast: "publishTimeoutMs" },
    maxInFlight: REPLAYER_OPTIONS.maxInFlight,
    maxWaiting: REPLAYER_OPTIONS.maxWaiting,
    maxWaitingBytes: REPLAYER_OPTIONS.maxWaitingBytes,
    maxAckPending: REPLAYER_OPTIONS.maxAckPending,
    maxRequestBatch: REPLAYER_OPTIONS.maxRequestBatch,
    ackWaitMs: REPLAYER_OPTIONS.ackWaitMs,
    acceptClusters: REPLAYER_OPTIONS.acceptClusters,
  },
  envelope: {
    keys: secret(
      'Keys that open sealed bodies, and the one that seals what is redriven: JSON such as `{"current":"2026-11","keys":{"2026-11":"32 bytes in base64"}}`. A file is read again when a message wants a key that is not among them.',
    ),
    sealedOnly: REPLAYER_OPTIONS.sealedOnly,
  },
  clusterA: cluster("A"),
  clusterB: cluster("B"),
  worker: {
    batchSize: WORKER_OPTIONS.batchSize,
    pollIntervalMs: WORKER_OPTIONS.pollIntervalMs,
    retryDelayMs: WORKER_OPTIONS.retryDelayMs,
    maxRetryDelayMs: WORKER_OPTIONS.maxRetryDelayMs,
    executeTimeoutMs: WORKER_OPTIONS.executeTimeoutMs,
    highPriorityRatio: withDefault(10, WORKER_OPTIONS.highPriorityRatio),
    strictPriority: withDefault(false, WORKER_OPTIONS.strictPriority),
    concurrency: WORKER_OPTIONS.concurrency,
    maxBytesInHand: WORKER_OPTIONS.maxBytesInHand,
    maxDeliver: WORKER_OPTIONS.maxDeliver,
    patienceMs: WORKER_OPTIONS.patienceMs,
  },
  request: {
    timeoutMs: SESSION_OPTIONS.requestTimeoutMs,
    maxClockOffsetMs: SESSION_OPTIONS.maxClockOffsetMs,
  },
  http: {
    host: listenAt("0.0.0.0", "Where the probes and `/metrics` listen."),
    port: integer({
      min: 0,
      max: 65_535,
      fallback: 8080,
      about: "Port of the probes and of `/metrics`; 0 takes a free one.",
    }),
    readyNeedsClusters: boolean(false, {
      about:
        "Answer `/readyz` with 503 while a cluster is away as well. One that refuses what is configured counts in any case.",
    }),
  },
  admin: {
    host: listenAt("127.0.0.1", "Where the admin API listens."),
    port: integer({
      min: 0,
      max: 65_535,
      fallback: 8081,
      about: "Port of the admin API; 0 takes a free one.",
    }),
    readTokens: tokens("read"),
    operateTokens: tokens("operate"),
    destroyTokens: tokens("destroy"),
    valuesTokens: tokens("values"),
    tlsCertFile: file("Certificate of the admin API, PEM. Read again when it is replaced."),
    tlsKeyFile: file("Key of that certificate, PEM."),
    allowPlainHttp: boolean(false, {
      about:
        "Listen elsewhere than on this machine without TLS: whoever can read what is sent has the tokens.",
    }),
    allowedHosts: optional(
      list({
        isItem: (one) => /^([A-Za-z0-9_.-]+|\[[0-9A-Fa-f:.]+\])$/.test(one),
        expectation: "host names or addresses without ports",
        about: "What requests may call the pod, besides `localhost` and the address that they come in by.",
      }),
    ),
    allowedOrigins: optional(
      list({
        isItem: (one) => /^https?:\/\/[^/\s@]+$/.test(one),
        expectation: "origins such as https://helix.example",
        about: "Pages of which a browser may send requests, besides the pod's own.",
      }),
    ),
    trustedProxies: optional(
      list({
        isItem: isNetwork,
        expectation: "addresses or networks such as 10.0.0.7,10.1.0.0/16",
        about:
          "Proxies in front of the admin API: wrong tokens are counted for the address that they name in `X-Forwarded-For`, instead of theirs. Each of them has to add the address that it answers, and may not be reached by others.",
      }),
    ),
    maxRatePerSecond: integer({
      min: 1,
      max: 1_000_000,
      fallback: 10_000,
      about: "The highest rate that may be ordered for a cluster, executions per second over all pods.",
    }),
    page: boolean(true, {
      about:
        "Serve the page for operators at `/` as well. Whoever reaches the port gets it, and sees nothing without a token.",
    }),
    runbookUrl: optional(
      text({
        pattern: /^https?:\/\/[^\s@]+$/,
        expectation: "an address such as https://wiki.example/helix",
        about: "Where your people read what to do: the page links each warning to its code there.",
      }),
    ),
  },
  log: {
    level: oneOf(["debug", "info", "warn", "error", "silent"], "info", {
      about: "What is logged, from this level up.",
    }),
  },
  stop: {
    graceMs: milliseconds({
      min: 1_000,
      max: 3_600_000,
      fallback: 20_000,
      about:
        "From SIGTERM to the exit. Keep it below the pod's terminationGracePeriodSeconds (Kubernetes: 30 s by default).",
    }),
  },
} as const satisfies Schema;

function cluster(id: ClusterId) {
  return {
    name: text({ fallback: id, about: `What cluster ${id} is called in logs.` }),
    contactPoints: list({
      isItem: isHostPort,
      expectation: "hosts such as 10.0.0.1,10.0.0.2:9142",
      about: `Some nodes of cluster ${id}, with their port if it is not the one below.`,
    }),
    port: integer({
      min: 1,
      max: 65_535,
      fallback: 9042,
      about: "Port of all nodes that are not named with one.",
    }),
    localDataCenter: text({
      expectation: "a name such as datacenter1",
      about: "The data centre that is written to, as data_center of system.local says there.",
    }),
    user: optional(text({ about: "User of the cluster, if it asks for one." })),
    password: secret("Password of the user."),
    tls: flag("Speak TLS. True if one of the files or the name below is given."),
    tlsCaFile: file("Authorities that sign the certificates of the nodes, PEM. Without it, those of Node."),
    tlsCertFile: file("Certificate of the service, PEM."),
    tlsKeyFile: file("Key of that certificate, PEM."),
    tlsServerName: serverName(
      "The host that the certificates of the nodes name, where they do not name the nodes' addresses: those are what is connected to.",
    ),
    consistency: oneOf(CONSISTENCIES, "localOne", {
      about: "Consistency of writes that were queued without one.",
    }),
    connectTimeoutMs: milliseconds({ fallback: 3_000, about: "For a connection to a node." }),
    readTimeoutMs: milliseconds({ fallback: 5_000, about: "For an answer of a node, per try." }),
  };
}

/** A host without a port. Colons are for addresses of version 6, which have two at least. */
function listenAt(fallback: string, about: string) {
  return text({
    fallback,
    pattern: /^([A-Za-z0-9_.-]+|[0-9A-Fa-f.]*:[0-9A-Fa-f.]*:[0-9A-Fa-f:.]*)$/,
    expectation: "an address or a host name, without a port",
    about,
  });
}

function tokens(right: string) {
  return secret(
    `Tokens with the right \`${right}\` at the admin API: one or several, of 32 characters at least, with spaces, commas or lines between them. A file is read again when it changes.`,
  );
}

/** To TLS an address is no name. */
function serverName(about: string): Setting<string | undefined> {
  return optional(text({ pattern: /^(?![\d.]+$)[A-Za-z0-9_.-]+$/, expectation: "a host name", about }));
}

/** True, false, or left to what else is given. */
function flag(about: string): Setting<boolean | undefined> {
  return optional(boolean(false, { about }));
}

export type Schema = Readonly<Record<string, Readonly<Record<string, Setting<unknown>>>>>;

type ConfigOf<S extends Schema> = {
  readonly [G in keyof S]: {
    readonly [K in keyof S[G]]: S[G][K] extends Setting<infer T> ? T : never;
  };
};

/** The configuration, complete and valid. */
export type ServiceConfig = ConfigOf<typeof SCHEMA>;
export type ClusterSettings = ServiceConfig["clusterA"];

/** Every setting once, in the order of the schema. */
export function settings(): { section: string; key: string; setting: Setting<unknown> }[] {
  return Object.entries<Schema[string]>(SCHEMA).flatMap(([section, keys]) =>
    Object.entries(keys).map(([key, setting]) => ({ section, key, setting })),
  );
}
