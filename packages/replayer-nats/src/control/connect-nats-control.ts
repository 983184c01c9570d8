import { type ControlStore, EventHub } from "@helix/core";
import { Admin } from "../connection/admin.ts";
import { Link } from "../connection/link.ts";
import { Publisher } from "../connection/publisher.ts";
import { type NatsControlOptions, readControlOptions } from "../options.ts";
import { namesOf } from "../topology/names.ts";
import { ControlWatches } from "./control-watches.ts";
import { NatsControlStore } from "./nats-control-store.ts";

/** A control store with a connection of its own. */
export interface NatsControl extends ControlStore, AsyncDisposable {
  /** Waits for what is under way, then closes the connection, if it is its own. Twice is safe. */
  close(): Promise<void>;
}

const PUBLISHER = {
  publishTimeoutMs: 5000,
  maxInFlight: 64,
  maxWaiting: 1000,
  maxWaitingBytes: 16 * 1024 ** 2,
} as const;

/**
 * The control store of a queue for whoever neither enqueues nor replays, such as a command line. It makes nothing on the server.
 *
 * Resolves when it is connected, or when the servers cannot be reached: then it goes on connecting in the background. Rejects with
 * HELIX_QUEUE_UNAUTHORIZED and HELIX_SERVER_UNSUPPORTED.
 *
 * @throws TypeError, RangeError for an option.
 */
export async function connectNatsControl(options: NatsControlOptions): Promise<NatsControl> {
  const settings = readControlOptions(options);
  const { clock } = settings;
  const link = await Link.open(settings, new EventHub());
  const names = namesOf(settings);
  const admin = new Admin(link);
  const publisher = new Publisher(link, { ...PUBLISHER, clock });
  const watches = new ControlWatches({ link, admin, names, clock });
  const store = new NatsControlStore({ admin, publisher, watches, names, clock });
  let closed: Promise<void> | undefined;
  const close = () => {
    watches.close();
    closed ??= (link.isUp ? publisher.idle() : Promise.resolve()).then(() => {
      publisher.close();
      return link.close();
    });
    return closed;
  };
  return Object.assign(store, { close, [Symbol.asyncDispose]: close });
}
