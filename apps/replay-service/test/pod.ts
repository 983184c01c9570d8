import { type ClusterId, type ControlStore, createPayload, type Logger, type ReplayQueue } from "@helix/core";
import { MemoryControlStore, MemoryReplayer } from "@helix/replayer-memory";
import {
  type ScriptedCqlServer,
  type ScriptedCqlServerOptions,
  startScriptedCqlServer,
  waitFor,
} from "@helix/testkit";
import { loadConfig } from "../src/config/load-config.ts";
import { pinoLogger } from "../src/pino-logger.ts";
import type { OpenQueue } from "../src/queue.ts";
import type { PartHealth } from "../src/readiness.ts";
import { runService } from "../src/service.ts";
import { strictJson } from "./strict-json.ts";
import { environmentOf, filesOf, VALID } from "./valid-environment.ts";

export interface PodOptions {
  readonly servers: Readonly<Record<ClusterId, { readonly contactPoint: string }>>;
  readonly env?: Readonly<Record<string, string>>;
  /** @default one in memory that is up */
  readonly openQueue?: OpenQueue;
}

/** What a probe was answered. */
export interface Answer {
  readonly status: number;
  readonly body: {
    readonly ready: boolean;
    readonly allUp: boolean;
    readonly missing: readonly string[];
    readonly parts: Readonly<Record<string, PartHealth>>;
  };
}

/** The service in this process, over scripted clusters and a queue in memory, with what it logs. */
export class Pod implements AsyncDisposable {
  readonly queue = new MemoryReplayer();
  readonly control = new MemoryControlStore();
  readonly lines: string[] = [];
  readonly ended: Promise<{ inOrder: boolean }>;
  readonly #stop = new AbortController();

  constructor({ servers, env = {}, openQueue = inMemory(this.queue, this.control) }: PodOptions) {
    const { config } = loadConfig(
      { ...VALID, ...environmentOf(servers, { HELIX_LOG_LEVEL: "debug", ...env }) },
      filesOf({}),
    );
    const logger: Logger = pinoLogger(
      config.log.level,
      { write: (line) => void this.lines.push(line) },
      { pod: "pod-1", version: "1.2.3" },
    );
    this.ended = runService({
      config,
      openQueue,
      logger,
      readFile: filesOf({}),
      host: "pod-1",
      build: { version: "1.2.3", node: "v24.0.0" },
      stop: this.#stop.signal,
    });
    // A test looks at the end when it is there.
    this.ended.catch(() => {});
  }

  get log(): Record<string, unknown>[] {
    return this.lines.map(strictJson);
  }

  async get(path: string, method = "GET"): Promise<Response> {
    const started = await waitFor(() => this.log.find(({ port }) => port !== undefined), {
      timeoutMs: 5_000,
      describe: "the probes answer",
    });
    return fetch(`http://127.0.0.1:${started.port}${path}`, { method });
  }

  async readyz(): Promise<Answer> {
    const response = await this.get("/readyz");
    return { status: response.status, body: (await response.json()) as Answer["body"] };
  }

  /** Resolves with the first answer that is as wanted. */
  async readyzWhen(wanted: (answer: Answer) => boolean): Promise<Answer> {
    let last: Answer | undefined;
    return waitFor(
      async () => {
        last = await this.readyz();
        return wanted(last) && last;
      },
      { timeoutMs: 10_000, describe: () => `/readyz is as wanted; it was ${JSON.stringify(last)}` },
    );
  }

  stop(): Promise<{ inOrder: boolean }> {
    this.#stop.abort();
    return this.ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}

export function inMemory(queue: ReplayQueue, control: ControlStore = new MemoryControlStore()): OpenQueue {
  return async () => ({ queue, control, health: () => ({ up: true }), close: () => queue.close() });
}

export async function startServers(
  options: Partial<Record<ClusterId, ScriptedCqlServerOptions>> = {},
): Promise<Record<ClusterId, ScriptedCqlServer>> {
  // The same clusters in each test: a queue that several tests share remembers them.
  const start = (cluster: ClusterId) => startScriptedCqlServer({ identity: cluster, ...options[cluster] });
  const [A, B] = await Promise.all([start("A"), start("B")]);
  return { A, B };
}

export function insert(cluster: ClusterId, params: readonly unknown[]) {
  return createPayload({
    targetCluster: cluster,
    operation: { kind: "statement", query: "INSERT INTO shop.users (id, name) VALUES (?, ?)", params },
    timestampMicros: 1_700_000_000_000_000n,
  });
}
