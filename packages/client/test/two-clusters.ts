import type { ClusterId, Replayer, ReplayPayload } from "@helix/core";
import {
  type CqlRequest,
  type Reply,
  reply,
  type ScriptedCqlServer,
  type ScriptedCqlServerOptions,
  startScriptedCqlServer,
} from "@helix/testkit";
import type { ClientOptions } from "cassandra-driver";
import { HelixClient, type HelixClientOptions } from "../src/index.ts";

/** A queue that keeps what it is given, or refuses it. */
export class FakeReplayer implements Replayer {
  readonly payloads: ReplayPayload[] = [];
  refuse: (() => Error | undefined) | undefined;
  closed = false;

  async enqueue(payload: ReplayPayload): Promise<void> {
    const refusal = this.refuse?.();
    if (refusal !== undefined) throw refusal;
    this.payloads.push(payload);
  }

  async close(): Promise<void> {
    this.closed = true;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

export interface TwoClustersOptions {
  readonly client?: Partial<HelixClientOptions> | undefined;
  readonly driver?: Partial<ClientOptions> | undefined;
  readonly server?: ScriptedCqlServerOptions | undefined;
}

/** A client over two scripted servers. What a cluster answers is `script[cluster]`. */
export class TwoClusters implements AsyncDisposable {
  readonly client: HelixClient;
  readonly replayer: FakeReplayer;
  readonly servers: Readonly<Record<ClusterId, ScriptedCqlServer>>;
  readonly script: Record<ClusterId, (request: CqlRequest) => Reply | Promise<Reply>>;

  private constructor(
    servers: TwoClusters["servers"],
    script: TwoClusters["script"],
    options: TwoClustersOptions,
  ) {
    this.servers = servers;
    this.script = script;
    this.replayer = new FakeReplayer();
    this.client = new HelixClient({
      clusters: { A: driverOptions(servers.A, options.driver), B: driverOptions(servers.B, options.driver) },
      replayer: this.replayer,
      ...options.client,
    });
  }

  /** Both servers listen; the client is not connected. */
  static async start(options: TwoClustersOptions = {}): Promise<TwoClusters> {
    const script: TwoClusters["script"] = { A: () => reply.void, B: () => reply.void };
    const start = (cluster: ClusterId) =>
      startScriptedCqlServer({ ...options.server, onRequest: (request) => script[cluster](request) });
    const [A, B] = await Promise.all([start("A"), start("B")]);
    return new TwoClusters({ A, B }, script, options);
  }

  static async connected(options: TwoClustersOptions = {}): Promise<TwoClusters> {
    const clusters = await TwoClusters.start(options);
    await clusters.client.connect({ waitFor: "all" });
    return clusters;
  }

  get queued(): ReplayPayload[] {
    return this.replayer.payloads;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.client.close();
    await Promise.all([this.servers.A.close(), this.servers.B.close()]);
  }
}

export function driverOptions(
  server: Pick<ScriptedCqlServer, "contactPoint" | "localDataCenter">,
  more: Partial<ClientOptions> = {},
): ClientOptions {
  return {
    contactPoints: [server.contactPoint],
    localDataCenter: server.localDataCenter,
    ...more,
    socketOptions: { readTimeout: 300, connectTimeout: 300, ...more.socketOptions },
  };
}

/** The error of a promise that must reject. */
export async function errorOf(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error("Expected a rejection");
}
