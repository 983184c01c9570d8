import { encodePayload } from "@helix/codec";
import {
  createPayload,
  type Lane,
  type LaneSource,
  type Logger,
  laneOf,
  type PayloadInput,
  type ReplayMessage,
  type ReplayPayload,
  type ReplayQueue,
} from "@helix/core";
import { waitFor } from "@helix/testkit";
import type { NatsServer } from "@helix/testkit/nats";
import { type JetStreamManager, jetstreamManager } from "@nats-io/jetstream";
import { type ConnectionOptions, headers, type NatsConnection } from "@nats-io/nats-core";
import { connect } from "@nats-io/transport-node";
import { connectNatsEnqueuer, connectNatsReplayer, type NatsReplayer } from "../src/index.ts";
import type { NatsEnqueuerOptions, NatsReplayerOptions } from "../src/options.ts";

let count = 0;

/** For a proxy in front of it. */
export function addressOf({ url }: NatsServer): { host: string; port: number } {
  const { hostname, port } = new URL(url);
  return { host: hostname, port: Number(port) };
}

/** A queue of its own on a server that tests share, and what opens it. Everything is closed at the end. */
export class Rig implements AsyncDisposable {
  readonly server: NatsServer;
  readonly streamName = `q${process.pid}-${++count}`;
  readonly subjectPrefix = `t${process.pid}-${count}.replay`;
  readonly log: { readonly level: string; readonly text: string; readonly fields: object }[] = [];
  readonly logger: Logger;
  readonly #open: { close(): Promise<unknown> }[] = [];

  constructor(server: NatsServer) {
    this.server = server;
    const at = (level: string) => (fields: object, text: string) => {
      this.log.push({ level, text, fields });
    };
    this.logger = { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
  }

  get names() {
    const { streamName, subjectPrefix } = this;
    return { streamName, subjectPrefix };
  }

  get options() {
    return { connect: { servers: this.server.url }, logger: this.logger, ...this.names };
  }

  async replayer(options: Partial<NatsReplayerOptions> = {}): Promise<NatsReplayer> {
    return this.closing(
      await connectNatsReplayer({ maxBytes: 2 ** 26, ...this.options, ...options } as NatsReplayerOptions),
    );
  }

  async enqueuer(options: Partial<NatsEnqueuerOptions> = {}) {
    return this.closing(await connectNatsEnqueuer({ ...this.options, ...options } as NatsEnqueuerOptions));
  }

  /** A connection beside the queue's, and the JetStream API on it. */
  async api(
    options: ConnectionOptions = { servers: this.server.url },
  ): Promise<{ connection: NatsConnection; api: JetStreamManager }> {
    const connection = this.closing(await connect(options));
    return { connection, api: await jetstreamManager(connection) };
  }

  /** Puts a payload into its lane as one that was brought back there, and was stored first so long ago. */
  async enqueueOld(payload: ReplayPayload, ageMs: number): Promise<void> {
    const header = headers();
    header.set("Helix-First-Stored", String(Date.now() - ageMs));
    const { connection } = await this.api();
    const lane = laneOf(payload.targetCluster, payload.priority);
    await connection.request(`${this.subjectPrefix}.${lane}`, encodePayload(payload), {
      timeout: 5000,
      headers: header,
    });
  }

  closing<T extends { close(): Promise<unknown> }>(one: T): T {
    this.#open.push(one);
    return one;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const one of this.#open.reverse()) await one.close();
  }
}

export function payloadOf(id: string, input: Partial<PayloadInput> = {}): ReplayPayload {
  return createPayload({
    targetCluster: "B",
    operation: { kind: "statement", query: "INSERT INTO ks.t (id) VALUES (?)", params: [id] },
    tables: ["ks.t"],
    timestampMicros: 1_764_000_000_123_456n,
    id,
    ...input,
  });
}

export function idOf(message: ReplayMessage | undefined): string | undefined {
  return message?.content.ok === true ? message.content.payload.id : undefined;
}

/** A receiver of one lane that remembers what it got. */
export class Receiver {
  readonly received: ReplayMessage[] = [];
  readonly source: LaneSource;

  constructor(queue: ReplayQueue, lane: Lane = "high.B") {
    this.source = queue.open(lane, (message) => this.received.push(message), { pollIntervalMs: 100 });
  }

  get ids(): (string | undefined)[] {
    return this.received.map(idOf);
  }

  /** The next message. */
  async next(timeoutMs = 10_000): Promise<ReplayMessage> {
    const before = this.received.length;
    this.source.demand(1);
    await this.until(before + 1, timeoutMs);
    return this.received[before] as ReplayMessage;
  }

  async until(messages: number, timeoutMs = 10_000): Promise<void> {
    await waitFor(() => this.received.length >= messages, {
      timeoutMs,
      describe: () => `${messages} messages arrive; there are ${this.received.length}`,
    });
  }
}

/** Resolves with what the promise rejects with. */
export async function failureOf(promise: Promise<unknown>): Promise<Error & Record<string, unknown>> {
  try {
    await promise;
  } catch (error) {
    return error as Error & Record<string, unknown>;
  }
  throw new Error("Expected a rejection");
}
