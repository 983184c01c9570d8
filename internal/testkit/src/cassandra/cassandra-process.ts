import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readFile, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { freePorts } from "../ports.ts";
import { waitFor } from "../wait-for.ts";
import { cassandraYaml, JVM_FLAGS, LOGBACK } from "./cassandra-config.ts";
import type { OwnedNode } from "./cassandra-node.ts";
import { cqlAnswers } from "./cql-answers.ts";
import { Guardian } from "./guardian.ts";

const HOST = "127.0.0.1";
const START_TIMEOUT_MS = 120_000;
const LOG_LINES = 25;
const PORT_TRIES = 3;

/** What a node is started with. */
export interface CassandraProcessOptions {
  readonly clusterName: string;
  readonly java: string;
  /** The directory with the server's jars. */
  readonly jars: string;
  readonly signal: AbortSignal;
}

/**
 * A Cassandra as a child process, on loopback, in a directory of its own. States: running, paused (still
 * a process) and dead (after `kill`, the data kept); `close` ends all of them for good. A server that
 * dies by itself is noticed by the next `start`, which starts it again.
 */
export class CassandraProcess implements OwnedNode {
  readonly host = HOST;
  readonly localDataCenter = "datacenter1";
  readonly port: number;
  readonly #guardian: Guardian;
  readonly #options: CassandraProcessOptions;
  #server: ChildProcess | undefined;

  private constructor(guardian: Guardian, port: number, options: CassandraProcessOptions) {
    this.#guardian = guardian;
    this.#options = options;
    this.port = port;
  }

  /** Resolves when it answers CQL. When it does not, or on abort, nothing is left behind. */
  static async launch(options: CassandraProcessOptions): Promise<CassandraProcess> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await CassandraProcess.#launchOnce(options);
      } catch (error) {
        // Somebody else was given the port between our looking and the server's binding.
        const portTaken =
          error instanceof Error && /BindException|in use by another process/.test(error.message);
        if (!portTaken || attempt === PORT_TRIES) throw error;
      }
    }
  }

  static async #launchOnce(options: CassandraProcessOptions): Promise<CassandraProcess> {
    options.signal.throwIfAborted();
    const guardian = await Guardian.open(path.join(os.tmpdir(), "helix-cassandra-XXXXXX"));
    try {
      const [port = 0, storagePort = 0] = await freePorts(2, HOST);
      const directory = guardian.directory;
      const yaml = cassandraYaml({
        clusterName: options.clusterName,
        listenAddress: HOST,
        storagePort,
        rpcAddress: HOST,
        port,
        dataDirectory: directory,
      });
      await writeFile(path.join(directory, "cassandra.yaml"), yaml);
      await writeFile(path.join(directory, "logback.xml"), LOGBACK);
      const node = new CassandraProcess(guardian, port, options);
      await node.#start(options.signal);
      return node;
    } catch (error) {
      await guardian.close();
      throw error;
    }
  }

  get contactPoint(): string {
    return `${this.host}:${this.port}`;
  }

  start(): Promise<void> {
    return this.#start();
  }

  async kill(): Promise<void> {
    const server = this.#running();
    if (server === undefined) return;
    const gone = once(server, "exit");
    server.kill("SIGKILL");
    await gone;
  }

  async pause(): Promise<void> {
    this.#signal("SIGSTOP");
  }

  async resume(): Promise<void> {
    this.#signal("SIGCONT");
  }

  close(): Promise<void> {
    return this.#guardian.close();
  }

  async #start(signal?: AbortSignal): Promise<void> {
    const server = this.#running() ?? this.#spawn();
    try {
      await waitFor(
        async () =>
          server.exitCode !== null || server.signalCode !== null || cqlAnswers(this.host, this.port),
        { timeoutMs: START_TIMEOUT_MS, describe: "it answers CQL", intervalMs: 50, signal },
      );
      if (this.#running() === undefined)
        throw new Error(`It exited (${server.exitCode ?? server.signalCode})`);
    } catch (error) {
      signal?.throwIfAborted();
      const log = (await readFile(this.#log, "utf8")).trimEnd().split("\n").slice(-LOG_LINES).join("\n");
      throw new Error(`Cassandra did not start on ${this.contactPoint}. The end of its log:\n${log}`, {
        cause: error,
      });
    }
  }

  #spawn(): ChildProcess {
    const { directory } = this.#guardian;
    this.#server = this.#guardian.spawn({
      command: this.#options.java,
      args: [
        ...JVM_FLAGS,
        "-Dcassandra-foreground=yes",
        `-Dcassandra.config=file://${directory}/cassandra.yaml`,
        `-Dcassandra.storagedir=${directory}`,
        `-Dlogback.configurationFile=file://${directory}/logback.xml`,
        "-cp",
        path.join(this.#options.jars, "*"),
        "org.apache.cassandra.service.CassandraDaemon",
      ],
      log: this.#log,
    });
    return this.#server;
  }

  #running(): ChildProcess | undefined {
    const server = this.#server;
    return server !== undefined && server.exitCode === null && server.signalCode === null
      ? server
      : undefined;
  }

  #signal(signal: "SIGSTOP" | "SIGCONT"): void {
    if (this.#running()?.kill(signal) !== true) {
      throw new Error(`Cassandra on ${this.contactPoint} is not running, so it cannot be paused or resumed`);
    }
  }

  get #log(): string {
    return path.join(this.#guardian.directory, "out.log");
  }
}
