import { waitFor } from "@helix/testkit";
import { Child } from "../measure/child.ts";
import type { PodQuestion, PodReport } from "./pod-process.ts";
import type { BenchStream } from "./stream.ts";

const DRAINED_MS = 300_000;

/** What some pods came to together. */
export interface Drained {
  /** From the first execution to the last. */
  readonly perSecond: number;
  readonly tookMs: number;
  /** Of all pods, over that time. One is a whole core. */
  readonly coresBusy: number;
  /** Of the pod that took most. MiB. */
  readonly memoryGrownMiB: number;
}

/** As the README of the pod says to start it. */
export const POD_FLAGS: readonly string[] = ["--max-semi-space-size=16"];

/** Processes that drain one stream, as the replay service does, without work to execute. */
export class Pods implements AsyncDisposable {
  readonly #stream: BenchStream;
  readonly #pods: readonly Child[];

  private constructor(stream: BenchStream, pods: readonly Child[]) {
    this.#stream = stream;
    this.#pods = pods;
  }

  static async open(count: number, url: string, stream: BenchStream): Promise<Pods> {
    const pods = Array.from(
      { length: count },
      () => new Child(new URL("./pod-process.ts", import.meta.url), POD_FLAGS),
    );
    const all = new Pods(stream, pods);
    await all.#ask({ connect: url, options: stream.options });
    return all;
  }

  /** All that the stream has. Resolves when it is empty. */
  async drain(): Promise<Drained> {
    await this.#ask("start");
    await waitFor(async () => (await this.#stream.stored()) === 0, {
      timeoutMs: DRAINED_MS,
      intervalMs: 50,
      describe: "the stream is empty",
    });
    const reports = (await this.#ask("stop")) as PodReport[];
    const working = reports.filter(({ executed }) => executed > 0);
    const tookMs =
      Math.max(...working.map(({ lastAtMs }) => lastAtMs)) -
      Math.min(...working.map(({ firstAtMs }) => firstAtMs));
    const sum = (of: (report: PodReport) => number) =>
      reports.reduce((total, report) => total + of(report), 0);
    return {
      tookMs,
      perSecond: (sum(({ executed }) => executed) * 1000) / tookMs,
      coresBusy: sum(({ processorMicros }) => processorMicros) / 1000 / tookMs,
      memoryGrownMiB: Math.max(...reports.map(({ idleMiB, mostMiB }) => mostMiB - idleMiB)),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#pods.map((pod) => pod[Symbol.asyncDispose]()));
  }

  #ask(question: PodQuestion): Promise<unknown[]> {
    return Promise.all(this.#pods.map((pod) => pod.ask(question)));
  }
}
