import { encodePayload } from "@helix/codec";
import type { Lane, ReplayPayload } from "@helix/core";
import { connectNatsReplayer, type NatsReplayer } from "@helix/replayer-nats";
import { type Consumer, jetstream, jetstreamManager } from "@nats-io/jetstream";
import type { NatsConnection } from "@nats-io/nats-core";
import { connect } from "@nats-io/transport-node";
import { inFlight } from "../measure/timing.ts";

export const IN_FLIGHT = 256;
/** Of what is published without waiting, so many before the server is asked. */
const WINDOW = 5_000;

let streams = 0;

/** A connection as the adapter makes its own, which ends with its scope. */
export async function connected(url: string): Promise<NatsConnection & AsyncDisposable> {
  const connection = await connect({ servers: url, noAsyncTraces: true });
  return Object.assign(connection, { [Symbol.asyncDispose]: () => connection.close() });
}

/** A stream of its own, which goes with it, and a queue over it. */
export class BenchStream implements AsyncDisposable {
  readonly queue: NatsReplayer;
  readonly name: string;
  readonly #prefix: string;
  readonly #connection: NatsConnection;

  private constructor(connection: NatsConnection, queue: NatsReplayer, name: string, prefix: string) {
    this.#connection = connection;
    this.queue = queue;
    this.name = name;
    this.#prefix = prefix;
  }

  static async open(connection: NatsConnection): Promise<BenchStream> {
    const number = ++streams;
    const [name, prefix] = [`bench-${number}`, `bench${number}.replay`];
    const queue = await connectNatsReplayer({ connection, ...streamOptions(name, prefix) });
    return new BenchStream(connection, queue, name, prefix);
  }

  /** What another process opens the same stream with. */
  get options() {
    return streamOptions(this.name, this.#prefix);
  }

  subject(lane: Lane): string {
    return `${this.#prefix}.${lane}`;
  }

  /** The library's consumer on the worker's own durable. */
  consumer(lane: Lane): Promise<Consumer> {
    return jetstream(this.#connection).consumers.get(this.name, `helix-worker-${lane.replace(".", "-")}`);
  }

  /** By the queue itself. */
  enqueueAll(payloads: readonly ReplayPayload[]): Promise<void> {
    return inFlight(payloads.length, IN_FLIGHT, (i) => this.queue.enqueue(payloads[i] as ReplayPayload));
  }

  /** The library's best: its own message ids, no stack traces, bytes that are encoded beforehand. */
  publishAll(lane: Lane, bodies: readonly Uint8Array[], ids: readonly string[]): Promise<void> {
    const client = jetstream(this.#connection);
    return inFlight(bodies.length, IN_FLIGHT, (i) =>
      client.publish(this.subject(lane), bodies[i], { msgID: `${ids[i]}.0` }),
    );
  }

  /** As fast as it goes, where that is not what is measured: of each thousands only the last one is answered. */
  async fill(count: number, payload: (i: number) => ReplayPayload): Promise<void> {
    const client = jetstream(this.#connection);
    for (let i = 0; i < count; i++) {
      const one = payload(i);
      const subject = this.subject(`${one.priority}.${one.targetCluster}`);
      if (i % WINDOW === WINDOW - 1 || i === count - 1) await client.publish(subject, encodePayload(one));
      else this.#connection.publish(subject, encodePayload(one));
    }
    const stored = await this.stored();
    if (stored !== count) throw new Error(`The stream has ${stored} messages of ${count}`);
  }

  async stored(): Promise<number> {
    const api = await jetstreamManager(this.#connection);
    const { state } = await api.streams.info(this.name);
    return state.messages;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.queue.close();
    const api = await jetstreamManager(this.#connection);
    const buckets = [`KV_${this.name}-state`, `KV_${this.name}-clusters`];
    const letters = [`${this.name}-dead-letters`, `${this.name}-trash`];
    for (const name of [this.name, ...letters, ...buckets]) await api.streams.delete(name);
  }
}

/** Three times as many bytes are reserved, which a server must have. */
function streamOptions(streamName: string, subjectPrefix: string) {
  return { streamName, subjectPrefix, maxMsgs: 20_000_000, maxBytes: 2 ** 33, maxInFlight: IN_FLIGHT };
}
