import { isHostPort, isNatsServer } from "./addresses.ts";
import {
  boolean,
  byDefault,
  file,
  integer,
  list,
  milliseconds,
  oneOf,
  required,
  type Setting,
  secret,
  text,
} from "./setting.ts";

/** The driver's names of consistency levels that a write can have. */
export const CONSISTENCIES = [
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
 * the table in the README all come from here.
 */
export const SCHEMA = {
  nats: {
    servers: required(
      list({
        isItem: isNatsServer,
        expectation: "addresses such as nats-1:4222,nats-2:4222, without user and password",
        about: "All servers of the NATS cluster.",
      }),
    ),
    name: byDefault("helix-replay-service", text({ about: "What the monitoring of NATS shows." })),
    user: text({ about: "User; or a token, or a credentials file, or none of them." }),
    password: secret("Password of the user."),
    token: secret("Token."),
    credsFile: file("Credentials file: a JWT and its seed."),
    tls: boolean(
      "Insist on TLS. Without it TLS is used where the server demands it. True if one of the files below is given.",
    ),
    tlsCaFile: file("Authorities that sign the certificates of the servers, PEM. Without it, those of Node."),
    tlsCertFile: file("Certificate of the service, PEM."),
    tlsKeyFile: file("Key of that certificate, PEM."),
    inboxPrefix: text({
      pattern: /^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$/,
      expectation: "a subject without wildcards",
      about:
        "What reply subjects begin with, where the user may subscribe to nothing else. Without it, _INBOX.",
    }),
    allowOldServer: byDefault(
      false,
      boolean("Work with a server older than 2.10.27, which may lose messages, as well."),
    ),
  },
  queue: {
    streamName: byDefault(
      "helix-replay",
      text({
        pattern: /^[A-Za-z0-9_-]{1,64}$/,
        expectation: "1 to 64 letters, digits, - or _",
        about: "Stream of the four lanes.",
      }),
    ),
    subjectPrefix: byDefault(
      "helix.replay",
      text({
        pattern: /^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$/,
        expectation: "a subject without spaces or wildcards",
        about: "Subjects are {prefix}.{priority}.{cluster}.",
      }),
    ),
    provision: byDefault(
      "create",
      oneOf(
        ["create", "update", "none"],
        "Streams and consumers at the start. create: make what is missing, and refuse what differs. update: change what differs. none: take them as they are, which needs no rights to make any.",
      ),
    ),
    adoptGoStream: byDefault(
      false,
      boolean("For migration: use the stream that the Go library made, as it is. Stop the Go workers first."),
    ),
    maxAgeMs: byDefault(
      86_400_000,
      integer({
        min: 1_000,
        max: 10 * 365 * 86_400_000,
        unit: "ms",
        about: "Retention: an older message becomes a dead letter with the cause expired.",
      }),
    ),
    maxMsgs: byDefault(
      1_000_000,
      integer({ min: 2, unit: "messages", about: "What may be pending; one lane may have half of it." }),
    ),
    maxBytes: byDefault(
      1_073_741_824,
      integer({ min: 1_024, unit: "bytes", about: "The same in bytes, as the server counts them." }),
    ),
    maxDeadLetters: byDefault(
      1_000_000,
      integer({
        min: 1,
        unit: "messages",
        about: "Dead letters that are kept; full, messages stay in their lanes.",
      }),
    ),
    replicas: byDefault(
      1,
      integer({ min: 1, max: 5, about: "Copies of each message: 1, 3 or 5; 3 in production." }),
    ),
    publishTimeoutMs: byDefault(
      5_000,
      milliseconds({ min: 100, max: 60_000, about: "One try of a publish (a dead letter, a redrive)." }),
    ),
    enqueueTimeoutMs: byDefault(
      15_000,
      milliseconds({
        min: 100,
        max: 100_000,
        about: "All tries of a publish together; a change of leader takes 4 to 10 s.",
      }),
    ),
    maxInFlight: byDefault(
      256,
      integer({ min: 1, max: 10_000, about: "Publishes that are sent and not answered." }),
    ),
    maxWaiting: byDefault(
      10_000,
      integer({ min: 0, max: 1_000_000, about: "Publishes that wait for their turn; one more is refused." }),
    ),
    maxAckPending: byDefault(
      1_000,
      integer({ min: 1, max: 10_000, unit: "messages", about: "What a pod may hold per lane." }),
    ),
    maxRequestBatch: byDefault(
      100,
      integer({ min: 1, max: 1_000, unit: "messages", about: "The most that one request to NATS asks for." }),
    ),
    ackWaitMs: byDefault(
      30_000,
      milliseconds({
        min: 1_000,
        max: 3_600_000,
        about: "When another pod gets what a killed pod had in hand.",
      }),
    ),
  },
  clusterA: cluster("A"),
  clusterB: cluster("B"),
  worker: {
    batchSize: byDefault(
      100,
      integer({ min: 1, max: 10_000, unit: "messages", about: "Most that is demanded of a lane at once." }),
    ),
    pollIntervalMs: byDefault(100, milliseconds({ about: "For a queue that cannot notify; NATS can." })),
    retryDelayMs: byDefault(
      100,
      milliseconds({ about: "Delay after the first failure of a message, and of a cluster; it doubles." }),
    ),
    maxRetryDelayMs: byDefault(30_000, milliseconds({ about: "What no such delay exceeds." })),
    executeTimeoutMs: byDefault(
      30_000,
      milliseconds({ about: "How long an execution may take, before it is tried again later." }),
    ),
    highPriorityRatio: byDefault(
      10,
      integer({ min: 0, max: 1_000_000, about: "High messages per low one while both wait; 0 means 1:1." }),
    ),
    strictPriority: byDefault(false, boolean("No low message starts while a high one of its cluster waits.")),
    concurrency: byDefault(128, integer({ min: 1, max: 10_000, about: "Executions at once, per cluster." })),
    maxDeliver: byDefault(
      5,
      integer({
        min: 1,
        max: 1_000_000,
        about: "So many failures, proved to be a message's own, make it a dead letter.",
      }),
    ),
    patienceMs: byDefault(
      900_000,
      milliseconds({
        min: 0,
        about:
          "From then on a failure also counts if its table was served since the one before, and the cluster answers a probe.",
      }),
    ),
  },
  request: {
    timeoutMs: byDefault(
      15_000,
      milliseconds({
        about: "What a request to a cluster may take in all, the driver's repetitions included.",
      }),
    ),
  },
  http: {
    host: byDefault(
      "0.0.0.0",
      text({
        pattern: /^[A-Za-z0-9_.:-]+$/,
        expectation: "an address or a host name, without a port",
        about: "Where the probes listen.",
      }),
    ),
    port: byDefault(8080, integer({ min: 0, max: 65_535, about: "Port of the probes; 0 takes a free one." })),
  },
  log: {
    level: byDefault(
      "info",
      oneOf(["debug", "info", "warn", "error", "silent"], "What is logged, from this level up."),
    ),
  },
  stop: {
    graceMs: byDefault(
      20_000,
      milliseconds({
        min: 1_000,
        max: 3_600_000,
        about:
          "From SIGTERM to the exit. Keep it below the pod's terminationGracePeriodSeconds (Kubernetes: 30 s by default).",
      }),
    ),
  },
} as const satisfies Schema;

function cluster(id: "A" | "B") {
  return {
    name: byDefault(id as string, text({ about: `What cluster ${id} is called in logs.` })),
    contactPoints: required(
      list({
        isItem: isHostPort,
        expectation: "hosts such as 10.0.0.1,10.0.0.2:9142",
        about: `Some nodes of cluster ${id}, with their port if it is not the one below.`,
      }),
    ),
    port: byDefault(
      9042,
      integer({ min: 1, max: 65_535, about: "Port of all nodes that are not named with one." }),
    ),
    localDataCenter: required(
      text({
        expectation: "a name such as datacenter1",
        about: "The data centre that is written to, as data_center of system.local says there.",
      }),
    ),
    user: text({ about: "User of the cluster, if it asks for one." }),
    password: secret("Password of the user."),
    tls: boolean("Speak TLS. True if one of the files below is given."),
    tlsCaFile: file("Authorities that sign the certificates of the nodes, PEM. Without it, those of Node."),
    tlsCertFile: file("Certificate of the service, PEM."),
    tlsKeyFile: file("Key of that certificate, PEM."),
    consistency: byDefault(
      "localOne",
      oneOf(CONSISTENCIES, "Consistency of writes that were queued without one."),
    ),
    connectTimeoutMs: byDefault(3_000, milliseconds({ about: "For a connection to a node." })),
    readTimeoutMs: byDefault(5_000, milliseconds({ about: "For an answer of a node, per try." })),
  };
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
