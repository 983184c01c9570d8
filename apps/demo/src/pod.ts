import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { CLUSTERS, type ClusterId } from "@helix/core";
import {
  type CassandraAddress,
  type CqlTap,
  freePorts,
  Program,
  startCqlTap,
  type TappedExecution,
} from "@helix/testkit";
import { ACK_WAIT_MS, MAX_BYTES } from "./application/application-options.ts";
import type { TappedCluster } from "./executions.ts";

const MAIN = fileURLToPath(new URL("../../replay-service/src/main.ts", import.meta.url));
const HOST = "127.0.0.1";
/** With all rights but `values`; it is good for as long as the demo runs, and on this machine. */
const TOKEN = "helix-demo-helix-demo-helix-demo";
const START_TIMEOUT_MS = 60_000;

/**
 * What a pod needs in order to work. That it has not tried a cluster since it was away, as there was nothing left to
 * replay to it, is no fault.
 */
export const AT_WORK = ["queue", "worker"] as const;
export const ALL_PARTS = [...AT_WORK, "cluster A", "cluster B"] as const;

export interface PodOptions {
  readonly name: string;
  readonly natsUrl: string;
  readonly clusters: Readonly<Record<ClusterId, CassandraAddress>>;
  /** Called when a cluster has answered that it has applied what this pod sent. */
  readonly onApplied: (cluster: ClusterId, execution: TappedExecution) => void;
}

/** A process of the replay service, from source. Its way to each cluster leads past a tap. */
export class Pod implements AsyncDisposable {
  readonly taps: readonly TappedCluster[];
  readonly #program: Program;
  readonly #open: readonly CqlTap[];
  readonly #env: NodeJS.ProcessEnv;
  readonly #port: number;
  readonly #adminPort: number;

  private constructor(
    program: Program,
    taps: Readonly<Record<ClusterId, CqlTap>>,
    [port, adminPort]: readonly [probes: number, admin: number],
    options: PodOptions,
  ) {
    this.#program = program;
    this.#open = [taps.A, taps.B];
    this.taps = CLUSTERS.map((cluster) => ({ cluster, tap: taps[cluster] }));
    this.#port = port;
    this.#adminPort = adminPort;
    const { natsUrl, name, clusters } = options;
    // Nothing is inherited: the service refuses HELIX_ variables that it does not know.
    this.#env = {
      PATH: process.env.PATH,
      HELIX_NATS_SERVERS: natsUrl,
      HELIX_NATS_NAME: name,
      HELIX_QUEUE_ACK_WAIT_MS: String(ACK_WAIT_MS),
      HELIX_QUEUE_MAX_BYTES: String(MAX_BYTES),
      HELIX_CLUSTER_A_CONTACT_POINTS: taps.A.contactPoint,
      HELIX_CLUSTER_A_LOCAL_DATA_CENTER: clusters.A.localDataCenter,
      HELIX_CLUSTER_B_CONTACT_POINTS: taps.B.contactPoint,
      HELIX_CLUSTER_B_LOCAL_DATA_CENTER: clusters.B.localDataCenter,
      HELIX_HTTP_HOST: HOST,
      HELIX_HTTP_PORT: String(port),
      HELIX_ADMIN_PORT: String(adminPort),
      HELIX_ADMIN_DESTROY_TOKENS: TOKEN,
    };
  }

  /** Resolves when it runs; it is not ready yet. */
  static async start(options: PodOptions): Promise<Pod> {
    const { clusters, onApplied } = options;
    const tap = (cluster: ClusterId) =>
      startCqlTap({ target: clusters[cluster], onApplied: (execution) => onApplied(cluster, execution) });
    const [A, B, program, [port = 0, adminPort = 0]] = await Promise.all([
      tap("A"),
      tap("B"),
      Program.open(),
      freePorts(2),
    ]);
    const pod = new Pod(program, { A, B }, [port, adminPort], options);
    pod.run();
    return pod;
  }

  /** Where its page is, and what opens it. */
  get page(): string {
    return `http://${HOST}:${this.#adminPort}/   the page of the pod; its token: ${TOKEN}`;
  }

  /** Where a person looks at it. */
  get address(): string {
    return `http://${HOST}:${this.#port}/readyz and /metrics`;
  }

  /** What it has logged at the end of each outage. */
  async outages(): Promise<string[]> {
    const log = await this.#program.log();
    return [...log.matchAll(/"message":"(outage of [^"]*)"}$/gm)].map(([, line = ""]) => line);
  }

  run(): void {
    this.#program.run({ args: ["--conditions=@helix/source", MAIN], env: this.#env });
  }

  /** SIGKILL, sent before this returns. Resolves when it is gone. */
  kill(): Promise<void> {
    return this.#program.kill();
  }

  /**
   * Resolves when `/readyz` says that all of these parts are up; rejects with the end of its log if it ends, or they are
   * not up in time.
   */
  async untilUp(parts: readonly string[], signal: AbortSignal): Promise<void> {
    const giveUpAt = performance.now() + START_TIMEOUT_MS;
    while (!(await this.#isUp(parts))) {
      const { ended } = this.#program;
      if (ended !== undefined || performance.now() > giveUpAt) {
        throw new Error(`A pod is not up (${ended ?? "it runs"}):\n${await this.#program.tail()}`);
      }
      await sleep(20, undefined, { signal });
    }
  }

  async #isUp(parts: readonly string[]): Promise<boolean> {
    try {
      const answer = await fetch(`http://${HOST}:${this.#port}/readyz`);
      const report = (await answer.json()) as { parts: Record<string, { up: boolean } | undefined> };
      return parts.every((part) => report.parts[part]?.up === true);
    } catch {
      return false; // nobody listens yet
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#program.close();
    await Promise.all(this.#open.map((tap) => tap.close()));
  }
}
