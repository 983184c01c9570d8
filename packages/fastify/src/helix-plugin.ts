import { type ConnectOptions, HelixClient, type HelixClientOptions } from "@helix/client";
import type { FastifyInstance } from "fastify";
import fastifyPlugin from "fastify-plugin";

declare module "fastify" {
  interface FastifyInstance {
    /** Connected when the server is ready. */
    readonly helix: HelixClient;
  }
}

/** The options of the client, whose `logger` is the server's own unless it is given another one. */
export interface HelixPluginOptions extends HelixClientOptions {
  /** What `connect` is given. A server has 10 s for a plugin (`pluginTimeout`). @default `{ waitFor: "any" }` */
  readonly connect?: ConnectOptions | undefined;
  /** Called before it connects, and waited for: the place for `replay(client, { queue })`. @default none */
  readonly onCreated?: ((client: HelixClient) => unknown) | undefined;
  /** Called when the client has closed, and waited for: the place to close a queue that was made for it. @default none */
  readonly onClosed?: (() => unknown) | undefined;
}

/**
 * Makes a client, connects it, and decorates the server with it as `helix`. `close` ends it after the last request: first its
 * workers, then its sessions. Where it cannot connect, the server does not become ready, and `close` ends what there is.
 */
export const helix = fastifyPlugin(
  async (fastify: FastifyInstance, { connect, onCreated, onClosed, ...options }: HelixPluginOptions) => {
    const client = new HelixClient({ logger: fastify.log, ...options });
    fastify.decorate("helix", client);
    fastify.addHook("onClose", async () => {
      try {
        await client.close();
      } finally {
        await onClosed?.();
      }
    });
    await onCreated?.(client);
    await client.connect(connect);
  },
  { name: "@helix/fastify", fastify: "5.x" },
);
