import { randomUUID } from "node:crypto";
import type { ContainerRuntimeClient, GenericContainer, WaitStrategy } from "testcontainers";
import { waitFor } from "../wait-for.ts";
import type { ControlledServer } from "./controlled-server.ts";

const LOG_LINES = 25;
const LABEL = "helix-testkit";

type Container = ReturnType<ContainerRuntimeClient["container"]["getById"]>;

class NotStartedError extends Error {
  override readonly name = "NotStartedError";
}

/** What to run, and how to tell that it is there. */
export interface ServerContainerOptions {
  readonly engine: ContainerRuntimeClient;
  readonly image: string;
  /** Ports, files, command and environment. */
  readonly configure: (container: GenericContainer) => GenericContainer;
  /** For errors: "Cassandra on 127.0.0.1:9042". */
  readonly name: string;
  readonly answers: () => Promise<boolean>;
  readonly startTimeoutMs: number;
  readonly signal: AbortSignal;
}

/**
 * A server in a container, on fixed ports of the engine's host: a port that the engine chooses would be another
 * one after a kill.
 */
export class ServerContainer implements ControlledServer {
  readonly #container: Container;
  readonly #options: ServerContainerOptions;
  #closing: Promise<void> | undefined;

  private constructor(container: Container, options: ServerContainerOptions) {
    this.#container = container;
    this.#options = options;
  }

  /** Resolves when it answers. When it does not, or on abort, no container is left. */
  static async launch(options: ServerContainerOptions): Promise<ServerContainer> {
    const { engine, image, configure, signal } = options;
    signal.throwIfAborted();
    const label = randomUUID();
    try {
      const { GenericContainer } = await import("testcontainers");
      const container = new GenericContainer(image).withLabels({ [LABEL]: label });
      const started = await configure(container).withWaitStrategy(new AnswerWaitStrategy(options)).start();
      return new ServerContainer(engine.container.getById(started.getId()), options);
    } catch (error) {
      const failure = await withLog(error, options, label);
      await Promise.all((await labelled(engine, label)).map((id) => remove(engine, id)));
      signal.throwIfAborted();
      throw failure;
    }
  }

  async start(): Promise<void> {
    if (!(await this.#state()).Running) await this.#container.start();
    await untilReady(this.#container, this.#options);
  }

  async kill(): Promise<void> {
    await this.#end("SIGKILL");
  }

  async terminate(): Promise<void> {
    await this.#end("SIGTERM");
  }

  async pause(): Promise<void> {
    await this.#requireRunning();
    await this.#container.pause();
  }

  async resume(): Promise<void> {
    await this.#requireRunning();
    if ((await this.#state()).Paused) await this.#container.unpause();
  }

  /**
   * Takes its network away: what is sent to it is lost without an answer, and so is what it sends. Gives the way to put it back, at the same
   * address and port.
   */
  async disconnect(): Promise<() => Promise<void>> {
    const { NetworkSettings } = await this.#container.inspect();
    const [{ NetworkID } = { NetworkID: "" }] = Object.values(NetworkSettings.Networks);
    const network = this.#options.engine.container.dockerode.getNetwork(NetworkID);
    const Container = this.#container.id;
    await network.disconnect({ Container });
    return async () => {
      await network.connect({ Container });
      await untilReady(this.#container, this.#options);
    };
  }

  close(): Promise<void> {
    this.#closing ??= this.#remove();
    return this.#closing;
  }

  async #remove(): Promise<void> {
    await this.kill();
    await this.#container.remove({ force: true, v: true });
  }

  async #end(signal: "SIGKILL" | "SIGTERM"): Promise<void> {
    const { Running, Paused } = await this.#state();
    if (!Running) return;
    if (Paused) await this.#container.unpause(); // the engine sends no signal to a paused one
    const gone = this.#container.wait();
    await this.#container.kill({ signal });
    await gone;
  }

  async #requireRunning(): Promise<void> {
    if ((await this.#state()).Running) return;
    throw new Error(`${this.#options.name} is not running, so it cannot be paused or resumed`);
  }

  async #state(): Promise<{ Running: boolean; Paused: boolean }> {
    return (await this.#container.inspect()).State;
  }
}

/** Ready when it answers from here, which its log may claim too early. Gives up at once on abort. */
class AnswerWaitStrategy implements WaitStrategy {
  readonly #options: ServerContainerOptions;

  constructor(options: ServerContainerOptions) {
    this.#options = options;
  }

  waitUntilReady(container: Container): Promise<void> {
    return untilReady(container, this.#options, this.#options.signal);
  }

  withStartupTimeout(): this {
    return this;
  }

  isStartupTimeoutSet(): boolean {
    return true;
  }

  getStartupTimeout(): number {
    return this.#options.startTimeoutMs;
  }
}

async function untilReady(
  container: Container,
  { name, answers, startTimeoutMs }: ServerContainerOptions,
  signal?: AbortSignal,
): Promise<void> {
  const readyOrDead = async () =>
    (await answers()) || ((await container.inspect()).State.Running ? false : "dead");
  try {
    const options = { timeoutMs: startTimeoutMs, describe: "it answers", intervalMs: 100, signal };
    if ((await waitFor(readyOrDead, options)) === "dead") throw new Error("It exited");
  } catch (cause) {
    signal?.throwIfAborted();
    throw await notStarted(container, name, cause);
  }
}

async function notStarted(container: Container, name: string, cause: unknown): Promise<NotStartedError> {
  const log = await container.logs({ stdout: true, stderr: true, tail: LOG_LINES }).then(plainText, String);
  return new NotStartedError(`${name} did not start. The end of its log:\n${log}`, { cause });
}

/** A server that exits at once is gone before Testcontainers looks, which then tells of its ports alone. */
async function withLog(
  error: unknown,
  { engine, name }: ServerContainerOptions,
  label: string,
): Promise<unknown> {
  if (error instanceof NotStartedError) return error;
  const [exited] = await labelled(engine, label, "exited");
  return exited === undefined ? error : notStarted(engine.container.getById(exited), name, error);
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
async function labelled(
  { container: { dockerode } }: ContainerRuntimeClient,
  label: string,
  ...status: string[]
): Promise<string[]> {
  const found = await dockerode.listContainers({
    all: true,
    filters: { label: [`${LABEL}=${label}`], status },
  });
  return found.map(({ Id }) => Id);
}

async function remove({ container }: ContainerRuntimeClient, id: string): Promise<void> {
  await container.getById(id).remove({ force: true, v: true });
}
