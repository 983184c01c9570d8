import { type ClusterId, silentLogger } from "@helix/core";
import { boolean, takes } from "@helix/core/internal";
import {
  aesGcmEnvelope,
  type EnsureTopologyOptions,
  type Envelope,
  type NatsReplayerOptions,
} from "@helix/replayer-nats";
import { type CONNECT_OPTIONS, REPLAYER_OPTIONS } from "@helix/replayer-nats/internal";
import { UsageError } from "../failures.ts";
import { type Sources, textIn } from "./sources.ts";

type Option = (typeof REPLAYER_OPTIONS)[keyof typeof REPLAYER_OPTIONS] | (typeof CONNECT_OPTIONS)["user"];

/** Of the queue: what has to be as the pods have it, so that `doctor` and `setup` compare with the same. */
const QUEUE = [
  "streamName",
  "subjectPrefix",
  "adoptGoStream",
  "maxAgeMs",
  "maxMsgs",
  "maxBytes",
  "maxDeadLetters",
  "replicas",
  "maxAckPending",
  "maxRequestBatch",
  "ackWaitMs",
] as const;

const TLS = boolean(false);
const WHOM =
  "Expected to know whom to ask: a pod (--url, or HELIX_URL) or NATS (--nats, or HELIX_NATS_SERVERS)";

export interface NatsSettings {
  readonly options: NatsReplayerOptions;
  /** The same without what only bodies need. */
  readonly topology: EnsureTopologyOptions;
  readonly clusterNames: Readonly<Partial<Record<ClusterId, string>>>;
}

/**
 * The options of the queue, by the variables and the file of a pod: whoever has those, has all. Secrets come from there or from files alone.
 *
 * @throws UsageError naming what is wrong.
 */
export function natsOptions(sources: Sources): NatsSettings {
  const { flags } = sources;
  const given = (section: string, key: string) => settingIn(sources, section, key);
  const text = (key: string) => stringOf(given("nats", key), "nats", key);
  const tls = {
    ...named("caFile", flags.ca ?? text("tlsCaFile")),
    ...named("certFile", text("tlsCertFile")),
    ...named("keyFile", text("tlsKeyFile")),
    ...named("serverName", text("tlsServerName")),
  };
  const insists = read("nats", "tls", TLS, given("nats", "tls"));
  const queue = Object.fromEntries(
    QUEUE.flatMap((key) => {
      const flag = { streamName: flags.stream, subjectPrefix: flags.prefix }[key as string];
      const value = flag ?? given("queue", key);
      return value === undefined ? [] : [[key, read("queue", key, REPLAYER_OPTIONS[key] as Option, value)]];
    }),
  );
  const keys = secretOf(sources, "envelope", "keys");
  const topology = {
    connect: {
      servers: serversOf(sources),
      name: "helix",
      user: text("user"),
      pass: secretOf(sources, "nats", "password"),
      token: secretOf(sources, "nats", "token"),
      credsFile: flags.creds ?? text("credsFile"),
      inboxPrefix: text("inboxPrefix"),
      ...((insists === true || Object.keys(tls).length > 0) && { tls }),
    },
    ...queue,
    ...named(
      "allowOldServer",
      read("nats", "allowOldServer", REPLAYER_OPTIONS.allowOldServer, given("nats", "allowOldServer")),
    ),
    logger: silentLogger,
  } as EnsureTopologyOptions;
  return {
    topology,
    options: { ...topology, ...(keys !== undefined && { envelope: envelopeOf(keys) }) },
    clusterNames: {
      ...named("A", stringOf(given("clusterA", "name"), "clusterA", "name")),
      ...named("B", stringOf(given("clusterB", "name"), "clusterB", "name")),
    },
  };
}

/** @throws TypeError for what are no keys; it quotes none. */
function envelopeOf(keys: () => string): Envelope {
  return aesGcmEnvelope(() => {
    try {
      return JSON.parse(keys());
    } catch {
      // Without its cause, which quotes the text.
      throw new TypeError("Expected the keys of an envelope to be JSON");
    }
  });
}

/** `queue.maxAgeMs` is `HELIX_QUEUE_MAX_AGE_MS`, as of a pod. */
function variableOf(section: string, key: string): string {
  return `HELIX_${[section, key].map((name) => name.replace(/[A-Z]/g, "_$&").toUpperCase()).join("_")}`;
}

function settingIn(sources: Sources, section: string, key: string): unknown {
  return sources.variable(variableOf(section, key)) ?? sources.inFile(section, key);
}

/** @throws UsageError where nobody is named. */
function serversOf(sources: Sources): string[] {
  const given = sources.flags.nats ?? settingIn(sources, "nats", "servers");
  if (given === undefined) {
    throw new UsageError(
      WHOM,
      "helix status --url http://127.0.0.1:8081",
      "helix status --nats nats-1:4222,nats-2:4222",
    );
  }
  return (Array.isArray(given) ? given : String(given).split(",")).map((one) => String(one).trim());
}

/** Read each time that it is wanted, so that it may change meanwhile. */
function secretOf(sources: Sources, section: string, key: string): (() => string) | undefined {
  const path = settingIn(sources, section, `${key}File`);
  const value = settingIn(sources, section, key);
  const [variable, file] = [variableOf(section, key), variableOf(section, `${key}File`)];
  if (path !== undefined && value !== undefined) {
    throw new UsageError(`${variable}: expected to be given alone, got ${file} as well`);
  }
  if (path !== undefined) {
    textIn(String(path), file);
    return () => textIn(String(path), file);
  }
  return value === undefined ? undefined : () => String(value);
}

function read(section: string, key: string, option: Option, value: unknown): unknown {
  if (value === undefined) return undefined;
  const parsed = typeof value === "string" ? parsedBy(option, value) : value;
  try {
    return (option.check as (value: unknown, name: string) => unknown)(parsed, key);
  } catch {
    throw new UsageError(
      `${variableOf(section, key)}: expected ${takes(option)}, got ${JSON.stringify(value)}`,
    );
  }
}

function parsedBy({ kind }: Option, text: string): unknown {
  if (kind === "integer" && /^-?\d{1,16}$/.test(text)) return Number(text);
  if (kind === "boolean" && (text === "true" || text === "false")) return text === "true";
  return text;
}

function stringOf(value: unknown, section: string, key: string): string | undefined {
  if (value === undefined || typeof value === "string") return value;
  throw new UsageError(`${variableOf(section, key)}: expected a text, got ${typeof value}`);
}

function named<K extends string, V>(key: K, value: V | undefined): { [_ in K]?: V } {
  return value === undefined ? {} : ({ [key]: value } as { [_ in K]: V });
}
