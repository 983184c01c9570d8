import type { ControlStore, Logger, Metrics, ReplayQueue } from "@helix/core";
import { connectNatsReplayer, type NatsReplayerOptions } from "@helix/replayer-nats";
import type { ServiceConfig } from "./config/schema.ts";
import { envelopeOf } from "./envelope.ts";
import { errorText } from "./error-text.ts";
import type { PartHealth } from "./readiness.ts";

/** A queue that is open, though perhaps without a connection yet. */
export interface OpenedQueue {
  readonly queue: ReplayQueue;
  /** What people order, and what pods tell each other. */
  readonly control: ControlStore;
  health(): PartHealth;
  /** Sends what is settled, then closes the connection. Twice is safe. */
  close(): Promise<void>;
}

/**
 * Opens the queue. Whatever may pass (no server, no leader) it waits for in the background, and `health`
 * tells; it rejects with what only a person can cure, such as streams that are not as configured.
 */
export type OpenQueue = (
  config: ServiceConfig,
  context: { readonly logger: Logger; readonly metrics: Metrics },
) => Promise<OpenedQueue>;

export const openNatsQueue: OpenQueue = async (config, { logger, metrics }) => {
  const queue = await connectNatsReplayer({ ...natsReplayerOptions(config, logger), metrics });
  return {
    queue,
    control: queue.control,
    health: () => {
      const { isReady, cause, warning } = queue.health;
      if (isReady) return { up: true, ...(warning !== undefined && { detail: warning }) };
      return { up: false, detail: cause === undefined ? "is connecting" : errorText(cause) };
    },
    close: () => queue.close(),
  };
};

/** The options of the queue, in its own words. */
export function natsReplayerOptions(
  { nats, queue, envelope: { keys, sealedOnly } }: ServiceConfig,
  logger: Logger,
): NatsReplayerOptions {
  const { servers, name, user, password, token, credsFile, inboxPrefix, allowOldServer } = nats;
  const tls = {
    ...(nats.tlsCaFile !== undefined && { caFile: nats.tlsCaFile }),
    ...(nats.tlsCertFile !== undefined && { certFile: nats.tlsCertFile }),
    ...(nats.tlsKeyFile !== undefined && { keyFile: nats.tlsKeyFile }),
    ...(nats.tlsServerName !== undefined && { serverName: nats.tlsServerName }),
  };
  const usesTls = nats.tls ?? Object.keys(tls).length > 0;
  return {
    connect: {
      servers,
      name,
      user,
      pass: password,
      token,
      credsFile,
      inboxPrefix,
      // An empty one insists as well.
      ...(usesTls && { tls }),
    },
    ...queue,
    ...(keys !== undefined && { envelope: envelopeOf(keys) }),
    sealedOnly,
    allowOldServer,
    logger,
  };
}
