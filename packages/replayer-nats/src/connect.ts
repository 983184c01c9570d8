import type { Replayer, ReplayPayload } from "@helix/core";
import { Link } from "./connection/link.ts";
import { Enqueuer } from "./enqueuer.ts";
import { NatsReplayer } from "./nats-replayer.ts";
import {
  type NatsEnqueuerOptions,
  type NatsReplayerOptions,
  readEnqueuerOptions,
  readReplayerOptions,
} from "./options.ts";
import { namesOf } from "./topology/names.ts";

/**
 * What an application needs that only enqueues. It makes nothing on the server, and needs the right to publish to the
 * lanes and to subscribe to its inbox.
 *
 * Resolves when it is connected, or when the servers cannot be reached: then it goes on connecting in the background,
 * and `enqueue` fails at once. Rejects with HELIX_QUEUE_UNAUTHORIZED and HELIX_SERVER_UNSUPPORTED.
 *
 * @throws TypeError, RangeError for an option.
 */
export async function connectNatsEnqueuer(options: NatsEnqueuerOptions): Promise<Replayer> {
  const settings = readEnqueuerOptions(options);
  const link = await Link.open(settings);
  const enqueuer = new Enqueuer(link, namesOf(settings), settings);
  let closed: Promise<void> | undefined;
  const close = () => {
    closed ??= enqueuer.close().then(() => link.close());
    return closed;
  };
  return {
    enqueue: (payload: ReplayPayload, enqueueOptions) => enqueuer.enqueue(payload, enqueueOptions),
    close,
    [Symbol.asyncDispose]: close,
  };
}

/**
 * The whole queue, for a worker. It makes what it needs on the server, or checks it (`provision`).
 *
 * Resolves when it is ready, or when the servers cannot be reached: then it goes on in the background. Rejects as
 * `ensureTopology` does if they can.
 *
 * @throws TypeError, RangeError for an option.
 */
export async function connectNatsReplayer(options: NatsReplayerOptions): Promise<NatsReplayer> {
  const settings = readReplayerOptions(options);
  const link = await Link.open(settings);
  const replayer = new NatsReplayer(link, settings);
  try {
    await replayer.prepare();
  } catch (error) {
    await replayer.close();
    throw error;
  }
  return replayer;
}
