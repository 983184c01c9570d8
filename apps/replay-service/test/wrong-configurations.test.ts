import { certificates } from "@helix/testkit";
import { describe, expect, test } from "vitest";
import { ConfigError, loadConfig } from "../src/config/load-config.ts";
import { filesOf, VALID } from "./valid-environment.ts";

const SECRET = "s3cret-canary";
const TOKEN = "t".repeat(32);

function mistakesOf(
  env: Record<string, string | undefined>,
  files: Record<string, string> = {},
): readonly string[] {
  try {
    loadConfig({ ...VALID, ...env }, filesOf(files));
  } catch (error) {
    if (error instanceof ConfigError) return error.mistakes;
    throw error;
  }
  return [];
}

/** A variable, what it is set to, and the rest of its message. */
const WRONG_VALUES: readonly (readonly [string, string | undefined, string])[] = [
  [
    "HELIX_NATS_SERVERS",
    undefined,
    "expected addresses such as nats-1:4222,nats-2:4222, without user and password, got nothing",
  ],
  [
    "HELIX_NATS_SERVERS",
    "",
    "expected addresses such as nats-1:4222,nats-2:4222, without user and password, got nothing",
  ],
  [
    "HELIX_NATS_SERVERS",
    "a:4222,,b:4222",
    'expected addresses such as nats-1:4222,nats-2:4222, without user and password, got "a:4222,,b:4222"',
  ],
  [
    "HELIX_NATS_SERVERS",
    "http://a:4222",
    'expected addresses such as nats-1:4222,nats-2:4222, without user and password, got "http://a:4222"',
  ],
  [
    "HELIX_NATS_SERVERS",
    `nats://user:${SECRET}@a:4222`,
    "expected addresses such as nats-1:4222,nats-2:4222, without user and password, got a value that is not shown, since it may hold a password",
  ],
  ["HELIX_NATS_TLS", "yes", 'expected true or false, got "yes"'],
  [
    "HELIX_NATS_CREDS_FILE",
    "/no/such",
    `expected the path of a file that can be read, got "/no/such" (ENOENT: no such file or directory, open '/no/such')`,
  ],
  [
    "HELIX_NATS_PASSWORD_FILE",
    "/no/such",
    `expected the path of a file that can be read, got "/no/such" (ENOENT: no such file or directory, open '/no/such')`,
  ],
  [
    "HELIX_ENVELOPE_KEYS",
    SECRET,
    'expected JSON such as {"current":"2026-11","keys":{"2026-11":"32 bytes in base64"}}',
  ],
  [
    "HELIX_ENVELOPE_KEYS",
    JSON.stringify({ current: "k", keys: { k: SECRET } }),
    "expected the key `k` to have 32 bytes, as they are, in hexadecimal or in base64",
  ],
  ["HELIX_ENVELOPE_KEYS", "null", "expected the `keys` of the envelope to be an object of keys by their id"],
  ["HELIX_NATS_INBOX_PREFIX", "_INBOX.>", 'expected a subject without wildcards, got "_INBOX.>"'],
  ["HELIX_NATS_ALLOW_OLD_SERVER", "1", 'expected true or false, got "1"'],
  ["HELIX_QUEUE_STREAM_NAME", "helix.replay", 'expected 1 to 64 letters, digits, - or _, got "helix.replay"'],
  [
    "HELIX_QUEUE_STREAM_NAME",
    "s".repeat(65),
    "expected 1 to 64 letters, digits, - or _, got a text of 65 characters",
  ],
  [
    "HELIX_QUEUE_SUBJECT_PREFIX",
    "helix..replay",
    'expected a subject without spaces or wildcards, got "helix..replay"',
  ],
  ["HELIX_QUEUE_PROVISION", "check", 'expected one of create, update, none, got "check"'],
  ["HELIX_QUEUE_MAX_AGE_MS", "24h", 'expected an integer, 1000 to 315360000000 ms, got "24h"'],
  ["HELIX_QUEUE_MAX_MSGS", "1", 'expected an integer, at least 2 messages, got "1"'],
  ["HELIX_QUEUE_MAX_BYTES", "1GiB", 'expected an integer, at least 1024 bytes, got "1GiB"'],
  ["HELIX_QUEUE_REPLICAS", "2", "expected 1, 3 or 5, got 2"],
  ["HELIX_QUEUE_REPLICAS", "7", 'expected an integer, 1 to 5, got "7"'],
  ["HELIX_QUEUE_PUBLISH_TIMEOUT_MS", "50", 'expected an integer, 100 to 60000 ms, got "50"'],
  ["HELIX_QUEUE_MAX_ACK_PENDING", "10001", 'expected an integer, 1 to 10000 messages, got "10001"'],
  ["HELIX_QUEUE_MAX_REQUEST_BATCH", "0", 'expected an integer, 1 to 1000 messages, got "0"'],
  ["HELIX_QUEUE_ACK_WAIT_MS", "30", 'expected an integer, 1000 to 3600000 ms, got "30"'],
  ["HELIX_CLUSTER_A_CONTACT_POINTS", undefined, "expected hosts such as 10.0.0.1,10.0.0.2:9142, got nothing"],
  [
    "HELIX_CLUSTER_A_CONTACT_POINTS",
    "10.0.0.1:70000",
    'expected hosts such as 10.0.0.1,10.0.0.2:9142, got "10.0.0.1:70000"',
  ],
  ["HELIX_CLUSTER_A_CONTACT_POINTS", "::1", 'expected hosts such as 10.0.0.1,10.0.0.2:9142, got "::1"'],
  ["HELIX_CLUSTER_A_PORT", "0", 'expected an integer, 1 to 65535, got "0"'],
  ["HELIX_CLUSTER_A_LOCAL_DATA_CENTER", undefined, "expected a name such as datacenter1, got nothing"],
  ["HELIX_CLUSTER_B_CONTACT_POINTS", undefined, "expected hosts such as 10.0.0.1,10.0.0.2:9142, got nothing"],
  ["HELIX_CLUSTER_B_LOCAL_DATA_CENTER", "", "expected a name such as datacenter1, got nothing"],
  [
    "HELIX_CLUSTER_B_CONSISTENCY",
    "LOCAL_QUORUM",
    'expected one of any, one, two, three, quorum, all, localQuorum, eachQuorum, localOne, got "LOCAL_QUORUM"',
  ],
  ["HELIX_CLUSTER_B_READ_TIMEOUT_MS", "0", 'expected an integer, 1 to 2147483647 ms, got "0"'],
  [
    "HELIX_CLUSTER_B_CONNECT_TIMEOUT_MS",
    "2147483648",
    'expected an integer, 1 to 2147483647 ms, got "2147483648"',
  ],
  ["HELIX_WORKER_BATCH_SIZE", "1e3", 'expected an integer, 1 to 10000 messages, got "1e3"'],
  ["HELIX_WORKER_CONCURRENCY", "-1", 'expected an integer, 1 to 10000, got "-1"'],
  ["HELIX_WORKER_CONCURRENCY", "128 ", 'expected an integer, 1 to 10000, got "128 "'],
  ["HELIX_WORKER_MAX_DELIVER", "0", 'expected an integer, 1 to 1000000, got "0"'],
  ["HELIX_WORKER_STRICT_PRIORITY", "TRUE", 'expected true or false, got "TRUE"'],
  ["HELIX_WORKER_MAX_RETRY_DELAY_MS", "50", "expected at least HELIX_WORKER_RETRY_DELAY_MS (100), got 50"],
  [
    "HELIX_QUEUE_ENQUEUE_TIMEOUT_MS",
    "4000",
    "expected at least HELIX_QUEUE_PUBLISH_TIMEOUT_MS (5000), got 4000",
  ],
  [
    "HELIX_HTTP_HOST",
    "0.0.0.0:8080",
    'expected an address or a host name, without a port, got "0.0.0.0:8080"',
  ],
  ["HELIX_HTTP_HOST", "0.0.0.0/0", 'expected an address or a host name, without a port, got "0.0.0.0/0"'],
  ["HELIX_HTTP_PORT", "tcp://10.3.0.7:80", 'expected an integer, 0 to 65535, got "tcp://10.3.0.7:80"'],
  [
    "HELIX_ADMIN_HOST",
    "http://127.0.0.1",
    'expected an address or a host name, without a port, got "http://127.0.0.1"',
  ],
  ["HELIX_ADMIN_PORT", "65536", 'expected an integer, 0 to 65535, got "65536"'],
  [
    "HELIX_ADMIN_ALLOWED_HOSTS",
    "helix.example:8081",
    'expected host names or addresses without ports, got "helix.example:8081"',
  ],
  [
    "HELIX_ADMIN_TRUSTED_PROXIES",
    "0.0.0.0/0",
    'expected addresses or networks such as 10.0.0.7,10.1.0.0/16, got "0.0.0.0/0"',
  ],
  [
    "HELIX_ADMIN_ALLOWED_ORIGINS",
    "helix.example",
    'expected origins such as https://helix.example, got "helix.example"',
  ],
  ...["READ", "OPERATE", "DESTROY", "VALUES"].map(
    (right) =>
      [
        `HELIX_ADMIN_${right}_TOKENS`,
        `${"t".repeat(32)} ${SECRET}`,
        "expected tokens of 32 characters or more of A-Z a-z 0-9 . _ ~ + / -, got 1 that are none",
      ] as const,
  ),
  [
    "HELIX_ADMIN_READ_TOKENS",
    " , ",
    "expected tokens of 32 characters or more of A-Z a-z 0-9 . _ ~ + / -, got none",
  ],
  ["HELIX_LOG_LEVEL", "trace", 'expected one of debug, info, warn, error, silent, got "trace"'],
  ["HELIX_STOP_GRACE_MS", "999", 'expected an integer, 1000 to 3600000 ms, got "999"'],
  [
    "HELIX_CONFIG_FILE",
    "/no/such",
    `expected the path of a file that can be read, got "/no/such" (ENOENT: no such file or directory, open '/no/such')`,
  ],
];

describe("one variable that is wrong is the one mistake", () => {
  test.each(WRONG_VALUES)("%s=%s", (name, value, rest) => {
    expect(mistakesOf({ [name]: value })).toEqual([`${name}: ${rest}`]);
  });
});

test("the table of wrong values is a long one, and a valid environment has no mistake", () => {
  expect(WRONG_VALUES.length).toBeGreaterThanOrEqual(40);
  expect(mistakesOf({})).toEqual([]);
});

describe("variables that do not go together", () => {
  test.each<[Record<string, string>, string]>([
    [
      { HELIX_NATS_USER: "helix" },
      "HELIX_NATS_PASSWORD: expected together with HELIX_NATS_USER, got nothing",
    ],
    [
      { HELIX_ENVELOPE_SEALED_ONLY: "true" },
      "HELIX_ENVELOPE_KEYS: expected together with HELIX_ENVELOPE_SEALED_ONLY, got nothing",
    ],
    [
      { HELIX_CLUSTER_A_PASSWORD: SECRET },
      "HELIX_CLUSTER_A_USER: expected together with HELIX_CLUSTER_A_PASSWORD, got nothing",
    ],
    [
      { HELIX_NATS_USER: "helix", HELIX_NATS_PASSWORD: SECRET, HELIX_NATS_TOKEN: SECRET },
      "HELIX_NATS_USER, HELIX_NATS_TOKEN: expected one way to log in, got 2",
    ],
    [
      { HELIX_NATS_TOKEN: SECRET, HELIX_NATS_TOKEN_FILE: "/token" },
      "HELIX_NATS_TOKEN: expected to be given alone, got HELIX_NATS_TOKEN_FILE as well",
    ],
    [
      { HELIX_NATS_USER: "helix", HELIX_NATS_PASSWORD: SECRET, HELIX_NATS_PASSWORD_FILE: "/token" },
      "HELIX_NATS_PASSWORD: expected to be given alone, got HELIX_NATS_PASSWORD_FILE as well",
    ],
    [
      { HELIX_CLUSTER_A_USER: "helix", HELIX_CLUSTER_A_PASSWORD_FILE: "/empty" },
      'HELIX_CLUSTER_A_PASSWORD_FILE: expected the path of a file that holds the secret, got "/empty", which is empty',
    ],
    [
      { HELIX_NATS_TLS_CERT_FILE: "/no/such", HELIX_NATS_TLS_KEY_FILE: "/key" },
      `HELIX_NATS_TLS_CERT_FILE: expected the path of a file that can be read, got "/no/such" (ENOENT: no such file or directory, open '/no/such')`,
    ],
    [
      { HELIX_QUEUE_PUBLISH_TIMEOUT_MS: "fast", HELIX_QUEUE_ENQUEUE_TIMEOUT_MS: "4000" },
      'HELIX_QUEUE_PUBLISH_TIMEOUT_MS: expected an integer, 100 to 60000 ms, got "fast"',
    ],
    [
      { HELIX_NATS_SERVERS: "nats-1:4222,TLS://nats-2:4222", HELIX_NATS_TLS: "false" },
      "HELIX_NATS_TLS: expected true, since there is a tls:// address, got false",
    ],
    [
      { HELIX_NATS_TLS: "false", HELIX_NATS_TLS_SERVER_NAME: "nats.example" },
      "HELIX_NATS_TLS: expected true, since there is HELIX_NATS_TLS_SERVER_NAME, got false",
    ],
    [
      { HELIX_CLUSTER_B_TLS_SERVER_NAME: "10.1.0.1" },
      'HELIX_CLUSTER_B_TLS_SERVER_NAME: expected a host name, got "10.1.0.1"',
    ],
    [
      { HELIX_NATS_TOKEN_FILE: "/empty" },
      'HELIX_NATS_TOKEN_FILE: expected the path of a file that holds the secret, got "/empty", which is empty',
    ],
    [
      { HELIX_CLUSTER_B_TLS: "false", HELIX_CLUSTER_B_TLS_CA_FILE: "/garbage" },
      "HELIX_CLUSTER_B_TLS: expected true, since there is HELIX_CLUSTER_B_TLS_CA_FILE, got false",
    ],
    [
      { HELIX_CLUSTER_B_TLS: "false", HELIX_CLUSTER_B_TLS_SERVER_NAME: "b.example" },
      "HELIX_CLUSTER_B_TLS: expected true, since there is HELIX_CLUSTER_B_TLS_SERVER_NAME, got false",
    ],
    [
      { HELIX_CLUSTER_B_TLS_CERT_FILE: "/garbage" },
      "HELIX_CLUSTER_B_TLS_KEY_FILE: expected together with HELIX_CLUSTER_B_TLS_CERT_FILE, got nothing",
    ],
    [
      { HELIX_NATS_TLS_KEY_FILE: "/garbage" },
      "HELIX_NATS_TLS_CERT_FILE: expected together with HELIX_NATS_TLS_KEY_FILE, got nothing",
    ],
    [
      { HELIX_NATS_TLS_CA_FILE: "/garbage" },
      "HELIX_NATS_TLS_CA_FILE: expected PEM certificates, got a file without any",
    ],
    [
      {
        HELIX_CLUSTER_A_CONTACT_POINTS: "10.1.0.1:9042",
        HELIX_CLUSTER_B_CONTACT_POINTS: "10.9.9.9,10.1.0.1",
      },
      "HELIX_CLUSTER_A_CONTACT_POINTS, HELIX_CLUSTER_B_CONTACT_POINTS: expected nodes of two clusters, got 10.1.0.1:9042 in both",
    ],
    [
      { HELIX_ADMIN_READ_TOKENS: TOKEN, HELIX_ADMIN_HOST: "0.0.0.0" },
      'HELIX_ADMIN_HOST: expected an address of this machine alone, such as 127.0.0.1, without HELIX_ADMIN_TLS_CERT_FILE and HELIX_ADMIN_TLS_KEY_FILE, or HELIX_ADMIN_ALLOW_PLAIN_HTTP=true, got "0.0.0.0"',
    ],
    [
      { HELIX_ADMIN_READ_TOKENS: TOKEN, HELIX_ADMIN_HOST: "0.0.0.0", HELIX_ADMIN_TLS_CERT_FILE: "/garbage" },
      "HELIX_ADMIN_TLS_KEY_FILE: expected together with HELIX_ADMIN_TLS_CERT_FILE, got nothing",
    ],
  ])("%j", (env, mistake) => {
    const files = { "/token": SECRET, "/empty": "\n", "/garbage": SECRET, "/key": certificates.key };
    expect(mistakesOf(env, files)).toEqual([mistake]);
  });

  test.each([
    {},
    { HELIX_ADMIN_HOST: "::1" },
    { HELIX_ADMIN_HOST: "localhost" },
    { HELIX_ADMIN_HOST: "0.0.0.0", HELIX_ADMIN_ALLOW_PLAIN_HTTP: "true" },
    {
      HELIX_ADMIN_HOST: "0.0.0.0",
      HELIX_ADMIN_TLS_CERT_FILE: "/certificate",
      HELIX_ADMIN_TLS_KEY_FILE: "/key",
    },
  ])(
    "an admin API that only this machine reaches, or TLS, or who was told so by name, goes together: %j",
    (env) => {
      const files = { "/key": certificates.key, "/certificate": certificates.named };
      expect(mistakesOf({ HELIX_ADMIN_READ_TOKENS: TOKEN, ...env }, files)).toEqual([]);
    },
  );

  test("a certificate and a key that OpenSSL refuses are told with its words, not with theirs", () => {
    const env = { HELIX_CLUSTER_A_TLS_CERT_FILE: "/garbage", HELIX_CLUSTER_A_TLS_KEY_FILE: "/garbage" };
    const [mistake, ...others] = mistakesOf(env, { "/garbage": SECRET });
    expect(others).toEqual([]);
    expect(mistake).toMatch(
      /^HELIX_CLUSTER_A_TLS_CERT_FILE, HELIX_CLUSTER_A_TLS_KEY_FILE: expected PEM files that belong together, got files that OpenSSL refuses \(error:.*\)$/,
    );
    expect(mistake).not.toContain(SECRET);
  });
});

describe("names that nothing reads", () => {
  test.each<[string, string]>([
    ["HELIX_WORKER_CONCURENCY", "; did you mean HELIX_WORKER_CONCURRENCY?"],
    ["HELIX_NATS_PASSWROD", "; did you mean HELIX_NATS_PASSWORD?"],
    ["HELIX_CLUSTER_A_LOCAL_DATACENTER", "; did you mean HELIX_CLUSTER_A_LOCAL_DATA_CENTER?"],
    ["HELIX_CONFIG", "; did you mean HELIX_CONFIG_FILE?"],
    ["HELIX_COLOUR_OF_THE_BIKE_SHED", ""],
  ])("%s is no variable, and its value is not shown", (name, suggestion) => {
    expect(mistakesOf({ [name]: SECRET })).toEqual([`${name}: no such variable${suggestion}`]);
  });

  test("what Kubernetes puts into a pod for a Service called helix-replay is nobody's mistake", () => {
    const links = {
      HELIX_REPLAY_SERVICE_HOST: "10.3.0.7",
      HELIX_REPLAY_SERVICE_PORT: "80",
      HELIX_REPLAY_SERVICE_PORT_HTTP: "80",
      HELIX_REPLAY_PORT: "tcp://10.3.0.7:80",
      HELIX_REPLAY_PORT_80_TCP: "tcp://10.3.0.7:80",
      HELIX_REPLAY_PORT_80_TCP_PROTO: "tcp",
      HELIX_REPLAY_PORT_80_TCP_ADDR: "10.3.0.7",
    };
    expect(mistakesOf(links)).toEqual([]);
    expect(mistakesOf({ HELIX_REPLAY_PORT: "80" })).toHaveLength(1);
  });
});

describe("a configuration file", () => {
  test.each<[unknown, string]>([
    [
      { worker: { concurrency: "128" } },
      'worker.concurrency in /c.json: expected an integer, 1 to 10000, got "128"',
    ],
    [
      { worker: { concurrency: 1.5 } },
      "worker.concurrency in /c.json: expected an integer, 1 to 10000, got `1.5` (number)",
    ],
    [
      { worker: { concurrency: null } },
      "worker.concurrency in /c.json: expected an integer, 1 to 10000, got null",
    ],
    [
      { worker: { strictPriority: "true" } },
      'worker.strictPriority in /c.json: expected true or false, got "true"',
    ],
    [{ worker: { batchsize: 5 } }, "worker.batchsize in /c.json: no such setting; did you mean batchSize?"],
    [{ workers: { batchSize: 5 } }, "workers in /c.json: no such section; did you mean worker?"],
    [{ worker: 5 }, "worker in /c.json: expected an object with settings"],
    [
      { nats: { token: 5 } },
      "nats.token in /c.json: expected a text (a secret), got a value that is not shown",
    ],
    [
      { nats: { token: SECRET, tokenFile: "/t" } },
      "nats.token in /c.json: expected to be given alone, got nats.tokenFile in /c.json as well",
    ],
    [
      [],
      'HELIX_CONFIG_FILE: expected "/c.json" to hold a JSON object with a section each for nats, queue and so on',
    ],
  ])("%j is told with its place", (content, mistake) => {
    const env = { HELIX_CONFIG_FILE: "/c.json" };
    expect(mistakesOf(env, { "/c.json": JSON.stringify(content) })).toEqual([mistake]);
  });

  test("a list in the file is an array, not a text", () => {
    const env = { HELIX_CONFIG_FILE: "/c.json", HELIX_NATS_SERVERS: undefined };
    expect(mistakesOf(env, { "/c.json": '{"nats":{"servers":"a:4222"}}' })).toEqual([
      'nats.servers in /c.json: expected addresses such as nats-1:4222,nats-2:4222, without user and password, got "a:4222"',
    ]);
  });

  test("one that is not JSON is refused without quoting it", () => {
    const [mistake] = mistakesOf(
      { HELIX_CONFIG_FILE: "/c.json" },
      { "/c.json": `{"nats":{"token":${SECRET}}}` },
    );
    expect(mistake).toContain("HELIX_CONFIG_FILE: expected");
    expect(mistake).not.toContain(SECRET);
  });
});

test("every mistake is named at once, in the order of the settings", () => {
  const env = {
    HELIX_WORKER_CONCURRENCY: "many",
    HELIX_HTTP_PORT: "http",
    HELIX_NATS_SERVERS: undefined,
    HELIX_NATS_PASSWORD: SECRET,
    HELIX_WORKER_CONCURENCY: "5",
  };
  const mistakes = mistakesOf(env);
  expect(mistakes.map((mistake) => mistake.split(":")[0])).toEqual([
    "HELIX_NATS_SERVERS",
    "HELIX_WORKER_CONCURRENCY",
    "HELIX_HTTP_PORT",
    "HELIX_WORKER_CONCURENCY",
    "HELIX_NATS_USER",
  ]);
  expect(mistakes.join()).not.toContain(SECRET);
});
