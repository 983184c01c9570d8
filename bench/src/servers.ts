import { type CassandraPair, startCassandraPair } from "@helix/testkit";
import { type NatsServer, startNatsServer } from "@helix/testkit/nats";

/** The servers of a run: each is started when it is first asked for, and all end with it. */
export class Servers implements AsyncDisposable {
  #nats: Promise<NatsServer> | undefined;
  #pair: Promise<CassandraPair> | undefined;

  readonly nats = (): Promise<NatsServer> => {
    this.#nats ??= told(startNatsServer());
    return this.#nats;
  };

  readonly pair = (): Promise<CassandraPair> => {
    this.#pair ??= told(
      startCassandraPair({
        onProgress: console.error,
        killable: process.env.HELIX_CASSANDRA_A === undefined,
      }),
    );
    return this.#pair;
  };

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.allSettled(
      [this.#nats, this.#pair].map(async (server) => (await server)?.[Symbol.asyncDispose]()),
    );
  }
}

async function told<T extends { readonly description: string }>(starting: Promise<T>): Promise<T> {
  const server = await starting;
  console.error(server.description);
  return server;
}
