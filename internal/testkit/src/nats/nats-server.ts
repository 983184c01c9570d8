/** A supported line of releases; the newest of each is what is fetched. */
export type NatsLine = "2.12" | "2.15";

/** Where a server comes from. */
export type NatsSource = "environment" | "containers" | "processes";

/**
 * Settings of nats-server under its own names, as in its configuration file, which they are added to:
 * `{ max_payload: 1_024, authorization: { users: [{ user, password, permissions }] } }`. Those of `jetstream`
 * (`sync_interval`, `max_file_store`, …) are added to that block. Sizes are numbers of bytes. `include: "users.conf"`
 * includes one of the `files` at that place.
 */
export type NatsConfig = Readonly<Record<string, unknown>>;

/** What a server or a cluster is started with. */
export interface NatsOptions {
  /**
   * The line of releases that must serve. @default 2.12, or, where a server is given by the environment or on the
   * search path, its own from 2.12 on
   */
  readonly version?: NatsLine | undefined;
  /** Excludes a server that the environment gives. @default none */
  readonly config?: NatsConfig | undefined;
  /** The one source to use. @default `HELIX_TESTKIT_PROVIDER`, else the first that works */
  readonly provider?: NatsSource | undefined;
  /** Told what takes long (an image or a program is fetched), a line at a time. @default nobody */
  readonly onProgress?: ((line: string) => void) | undefined;
  /** Gives the start up, a download included; nothing is left behind. */
  readonly signal?: AbortSignal | undefined;
}

/** What a single server is started with. */
export interface NatsServerOptions extends NatsOptions {
  /** Whether it is going to be killed or paused: then a server that the environment gives is not used. @default false */
  readonly killable?: boolean | undefined;
  /** Contents of files that the settings name, by their names there: the server finds them in its working directory. @default none */
  readonly files?: Readonly<Record<string, string>> | undefined;
  /** Variables that the settings, or an included file, refer to as `$NAME`. @default none but those of this process */
  readonly environment?: Readonly<Record<string, string>> | undefined;
}

/** What a cluster is started with. */
export interface NatsClusterOptions extends NatsOptions {
  /** How many servers, 3 to 5. @default 3 */
  readonly nodes?: number | undefined;
}

/**
 * A nats-server with JetStream and the ways to hurt it. Address and store stay the same over `kill`, `terminate`
 * and `start`. Every method but `stop` rejects where the server comes from the environment: it is not ours to
 * kill.
 */
export interface NatsServer extends AsyncDisposable {
  /** As JetStream calls it: `cluster.leader` of a stream is one. */
  readonly name: string;
  /** `nats://host:port`; without credentials, unless the environment gives some. */
  readonly url: string;
  /** As the server tells it: "2.12.8". */
  readonly version: string;
  readonly source: NatsSource;
  /** One line for people: what is used, version, address. */
  readonly description: string;
  /** SIGKILL. Resolves when it is gone: connections are then refused. Twice is harmless. */
  kill(): Promise<void>;
  /** SIGTERM: ends it in good order. Resolves when it is gone. Twice is harmless. */
  terminate(): Promise<void>;
  /**
   * Starts it again on the same port and store. Resolves when JetStream is ready; in a cluster when it takes
   * connections, as it may have to wait for the others. Rejects with the end of its log.
   */
  start(): Promise<void>;
  /** `terminate` and `start`. */
  restart(): Promise<void>;
  /** Freezes it (SIGSTOP): connections stay open, and new ones are accepted, but nothing is answered. */
  pause(): Promise<void>;
  /** Thaws it (SIGCONT): it answers what has piled up. */
  resume(): Promise<void>;
  /** Ends it for good and removes its store. Twice is harmless. The same as `[Symbol.asyncDispose]`. */
  stop(): Promise<void>;
}

/** Several servers that form one JetStream. */
export interface NatsCluster extends AsyncDisposable {
  readonly nodes: readonly NatsServer[];
  /** Of all nodes, in their order. */
  readonly urls: readonly string[];
  readonly version: string;
  readonly source: NatsSource;
  readonly description: string;
  /**
   * Resolves once every node is up and knows the meta leader; rejects after half a minute. A stream may still be
   * without a leader then, and its replica on a node just started behind: its own `cluster` tells.
   */
  untilHealthy(): Promise<void>;
  /** Ends all nodes for good and removes their stores. Twice is harmless; so is `[Symbol.asyncDispose]`. */
  stop(): Promise<void>;
}
