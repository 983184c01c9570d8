import { randomUUID } from "node:crypto";
import type { ContainerRuntimeClient, WaitStrategy } from "testcontainers";
import { freePorts } from "../ports.ts";
import { waitFor } from "../wait-for.ts";
import { cassandraYaml, FAST_START } from "./cassandra-config.ts";
import type { OwnedNode } from "./cassandra-node.ts";
import { cqlAnswers } from "./cql-answers.ts";
import { readNodeIdentity } from "./node-identity.ts";

const CQL_PORT = 9042;
const START_TIMEOUT_MS = 180_000;
const LOG_LINES = 25;
const PORT_TRIES = 3;
const LABEL = "helix-testkit";

/** Not the image's own file, which its entry point writes anew at every start. */
const YAML = "/tmp/helix-cassandra.yaml";

type Container = ReturnType<ContainerRuntimeClient["container"]["getById"]>;

/** What a node is started with. */
export interface CassandraContainerOptions {
  readonly engine: ContainerRuntimeClient;
  readonly image: string;
  readonly clusterName: string;
  readonly signal: AbortSignal;
}

/**
 * A Cassandra in a container, on a fixed port of the engine's host: a port that the engine chooses would be
 * another one after a kill. States as in `CassandraProcess`.
 */
export class CassandraContainer implements OwnedNode {
  readonly host: string;
  readonly port: number;
  readonly localDataCenter: string;
  readonly version: string;
  readonly #container: Container;

  private constructor(
    container: Container,
    address: { readonly host: string; readonly port: number },
    identity: { readonly dataCenter: string; readonly version: string },
  ) {
    this.#container = container;
    this.host = address.host;
    this.port = address.port;
    this.localDataCenter = identity.dataCenter;
    this.version = identity.version;
  }

  /** Resolves when it answers CQL. When it does not, or on abort, no container is left. */
  static async launch(options: CassandraContainerOptions): Promise<CassandraContainer> {
    for (let attempt = 1; ; attempt++) {
      options.signal.throwIfAborted();
      const label = randomUUID();
      try {
        return await CassandraContainer.#launchOnce(options, label);
      } catch (error) {
        await removeLabelled(options.engine, label);
        options.signal.throwIfAborted();
        // Somebody else was given the port between our looking and the engine's binding.
        const portTaken = /port is already allocated|address already in use/.test(String(error));
        if (!portTaken || attempt === PORT_TRIES) throw error;
      }
    }
  }

  static async #launchOnce(options: CassandraContainerOptions, label: string): Promise<CassandraContainer> {
    const { engine, image, clusterName, signal } = options;
    const { GenericContainer } = await import("testcontainers");
    const [port = 0] = await freePorts(1, "0.0.0.0");
    const { host } = engine.info.containerRuntime;
    const started = await new GenericContainer(image)
      .withLabels({ [LABEL]: label })
      .withExposedPorts({ container: CQL_PORT, host: port })
      .withCopyContentToContainer([{ content: containerYaml(clusterName), target: YAML }])
      .withEnvironment({
        JVM_EXTRA_OPTS: [...FAST_START, `-Dcassandra.config=file://${YAML}`].join(" "),
        MAX_HEAP_SIZE: "512M",
        HEAP_NEWSIZE: "100M",
      })
      .withWaitStrategy(new CqlWaitStrategy(host, port, signal))
      .start();
    const container = engine.container.getById(started.getId());
    const identity = await readNodeIdentity(`${host}:${port}`);
    return new CassandraContainer(container, { host, port }, identity);
  }

  get contactPoint(): string {
    return `${this.host}:${this.port}`;
  }

  async kill(): Promise<void> {
    const { Running, Paused } = await this.#state();
    if (!Running) return;
    if (Paused) await this.#container.unpause(); // the engine refuses to kill a paused one
    const gone = this.#container.wait();
    await this.#container.kill({ signal: "SIGKILL" });
    await gone;
  }

  async start(): Promise<void> {
    if (!(await this.#state()).Running) await this.#container.start();
    await untilReady(this.#container, this.host, this.port);
  }

  async pause(): Promise<void> {
    await this.#requireRunning();
    await this.#container.pause();
  }

  async resume(): Promise<void> {
    await this.#requireRunning();
    if ((await this.#state()).Paused) await this.#container.unpause();
  }

  async close(): Promise<void> {
    await this.kill();
    await this.#container.remove({ force: true, v: true });
  }

  async #requireRunning(): Promise<void> {
    if ((await this.#state()).Running) return;
    throw new Error(`Cassandra on ${this.contactPoint} is not running, so it cannot be paused or resumed`);
  }

  async #state(): Promise<{ Running: boolean; Paused: boolean }> {
    return (await this.#container.inspect()).State;
  }
}

/** Its own addresses are inside the container; only CQL is for the outside. */
function containerYaml(clusterName: string): string {
  return cassandraYaml({
    clusterName,
    listenAddress: "127.0.0.1",
    storagePort: 7000,
    rpcAddress: "0.0.0.0",
    port: CQL_PORT,
    dataDirectory: "/var/lib/cassandra",
  });
}

/**
 * Ready when CQL is answered from here: the log says so before the port is bound. Gives up at once on abort.
 */
class CqlWaitStrategy implements WaitStrategy {
  readonly #host: string;
  readonly #port: number;
  readonly #signal: AbortSignal;

  constructor(host: string, port: number, signal: AbortSignal) {
    this.#host = host;
    this.#port = port;
    this.#signal = signal;
  }

  waitUntilReady(container: Container): Promise<void> {
    return untilReady(container, this.#host, this.#port, this.#signal);
  }

  withStartupTimeout(): this {
    return this;
  }

  isStartupTimeoutSet(): boolean {
    return true;
  }

  getStartupTimeout(): number {
    return START_TIMEOUT_MS;
  }
}

async function untilReady(
  container: Container,
  host: string,
  port: number,
  signal?: AbortSignal,
): Promise<void> {
  const readyOrDead = async () =>
    (await cqlAnswers(host, port)) || ((await container.inspect()).State.Running ? false : "dead");
  try {
    const options = { timeoutMs: START_TIMEOUT_MS, describe: "it answers CQL", intervalMs: 100, signal };
    if ((await waitFor(readyOrDead, options)) === "dead") throw new Error("It exited");
  } catch (cause) {
    signal?.throwIfAborted();
    const log = await container.logs({ stdout: true, stderr: true, tail: LOG_LINES }).then(plainText, String);
    throw new Error(`Cassandra did not start on ${host}:${port}. The end of its log:\n${log}`, { cause });
  }
}

/** The engine sends a log in pieces, each after eight bytes that end in its length. */
function plainText(log: Buffer): string {
  const pieces: Buffer[] = [];
  for (let at = 0; at + 8 <= log.length; ) {
    const end = at + 8 + log.readUInt32BE(at + 4);
    pieces.push(log.subarray(at + 8, end));
    at = end;
  }
  return Buffer.concat(pieces).toString("utf8").trimEnd();
}

/** Testcontainers leaves a container that could not be started. */
async function removeLabelled(
  { container: { dockerode } }: ContainerRuntimeClient,
  label: string,
): Promise<void> {
  const left = await dockerode.listContainers({ all: true, filters: { label: [`${LABEL}=${label}`] } });
  await Promise.all(left.map(({ Id }) => dockerode.getContainer(Id).remove({ force: true, v: true })));
}
