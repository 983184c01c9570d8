import {
  type ControlReader,
  EventHub,
  type EventNames,
  type EventSource,
  type QueueEvents,
  type Replayer,
  type ReplayPayload,
} from "@helix/core";
import { Bodies } from "./bodies.ts";
import { Admin } from "./connection/admin.ts";
import { Link } from "./connection/link.ts";
import { ControlWatches } from "./control/control-watches.ts";
import { Enqueuer } from "./enqueuer.ts";
import { NatsReplayer } from "./nats-replayer.ts";
import {
  type LinkSettings,
  type NatsEnqueuerOptions,
  type NatsReplayerOptions,
  readEnqueuerOptions,
  readReplayerOptions,
} from "./options.ts";
import { ClusterRecord } from "./topology/cluster-record.ts";
import { namesOf } from "./topology/names.ts";

/** A queue that only takes. Its events tell how the connection is, from when it was made. */
export interface NatsEnqueuer
  extends Replayer,
    EventSource<Pick<QueueEvents, "queue:connected" | "queue:disconnected">> {
  /** Of the control store, what a client needs: for its gate. */
  readonly control: ControlReader;
}

/**
 * What an application needs that only enqueues. It makes nothing on the server, and needs the right to publish to the
 * lanes and to subscribe to its inbox.
 *
 * Resolves when it is connected, or when the servers cannot be reached: then it goes on connecting in the background,
 * and `enqueue` fails at once. Rejects with HELIX_QUEUE_UNAUTHORIZED and HELIX_SERVER_UNSUPPORTED.
 *
 * @throws TypeError, RangeError for an option.
 */
export async function connectNatsEnqueuer(options: NatsEnqueuerOptions): Promise<NatsEnqueuer> {
  const settings = readEnqueuerOptions(options);
  const events = eventsOf(settings);
  const link = await Link.open(settings, events);
  const names = namesOf(settings);
  const admin = new Admin(link);
  const control = new ControlWatches({ link, admin, names, clock: settings.clock });
  const enqueuer = new Enqueuer(link, names, settings, new Bodies(settings));
  let closed: Promise<void> | undefined;
  const close = () => {
    control.close();
    closed ??= enqueuer.close().then(() => link.close());
    return closed;
  };
  return {
    control,
    identities: new ClusterRecord({ admin, names, logger: settings.logger }),
    enqueue: (payload: ReplayPayload, enqueueOptions) => enqueuer.enqueue(payload, enqueueOptions),
    on: (name, listener) => events.on(name, listener),
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
  const events = eventsOf(settings);
  const link = await Link.open(settings, events);
  const replayer = new NatsReplayer(link, settings, events);
  try {
    await replayer.prepare();
  } catch (error) {
    await replayer.close();
    throw error;
  }
  return replayer;
}

/** What somebody looks at and orders who neither enqueues nor replays. */
export type NatsOperator = Pick<
  NatsReplayer,
  "close" | "control" | "deadLetters" | "depths" | "examine" | "strays" | "traits"
> &
  AsyncDisposable;

/**
 * A queue for a person's command line: it opens no lane, makes nothing on the server, and takes everything as it is, whatever the options say
 * (`examine` compares). It needs the rights of the role `operator`; what has others is refused by the server.
 *
 * Resolves when it is connected. Rejects with HELIX_QUEUE_UNAVAILABLE if the servers cannot be reached, with HELIX_QUEUE_UNAUTHORIZED and
 * HELIX_SERVER_UNSUPPORTED.
 *
 * @throws TypeError, RangeError for an option.
 */
export async function connectNatsOperator(options: NatsReplayerOptions): Promise<NatsOperator> {
  const settings = { ...readReplayerOptions(options), provision: "none" as const };
  const events = eventsOf(settings);
  const link = await Link.open(settings, events);
  if (link.isUp) return new NatsReplayer(link, settings, events, false);
  const failure = link.unavailable();
  await link.close();
  throw failure;
}

const QUEUE_EVENTS: EventNames<QueueEvents> = Object.freeze({
  "queue:connected": true,
  "queue:disconnected": true,
  "queue:ready": true,
  "queue:stuck:recovered": true,
  "queue:clock:differs": true,
  "queue:record:unreadable": true,
});

function eventsOf({ logger }: LinkSettings): EventHub<QueueEvents> {
  return new EventHub(
    (error, name) => logger.warn({ err: error, event: name }, "a listener failed"),
    QUEUE_EVENTS,
  );
}
