import type { Clock } from "@helix/core";
import { toldError, wait } from "@helix/core/internal";
import type { Client } from "cassandra-driver";
import {
  boundPrepared,
  type DriverConnections,
  executeDirectly,
  forgetOnSchemaChange,
  forgiveTimeouts,
  interceptBinding,
  socketClosed,
  watchConnections,
} from "./driver-internals/index.ts";

/** How long servers have to answer the end of a connection before it is cut. */
const FAREWELL_MS = 200;

export interface DriverSessionOptions {
  readonly clock: Clock;
  /** Whether the listener that the client has wants all that is logged, now. */
  readonly isLogged: () => boolean;
  /** Whether this process stood still a moment ago. */
  readonly isBlocked: () => boolean;
}

/**
 * One `Client` of the driver, from its connect to its end, of which it has exactly one each. Whatever
 * happens in between, `release` leaves no socket of it.
 */
export class DriverSession {
  readonly client: Client;
  /** Resolves with the reason once no host is left that could be asked. Never rejects. */
  readonly lost: Promise<unknown>;
  readonly #clock: Clock;
  readonly #connections: DriverConnections;
  readonly #lose: (cause: unknown) => void;

  constructor(client: Client, { clock, isLogged, isBlocked }: DriverSessionOptions) {
    let lose: (cause: unknown) => void = () => {};
    this.lost = new Promise((resolve) => {
      lose = resolve;
    });
    this.#lose = lose;
    this.client = client;
    this.#clock = clock;
    this.#connections = watchConnections(client, () => clock.monotonicMs(), isLogged);
    forgiveTimeouts(client, isBlocked);
    interceptBinding(client);
    executeDirectly(client);
    forgetOnSchemaChange(client);
    boundPrepared(client);
    client.on("hostDown", () => this.#checkHosts());
  }

  /** Resolves when connected; rejects with the driver's error. It must be released in either case. */
  async connect(): Promise<void> {
    await this.client.connect();
    this.#checkHosts();
  }

  /** Gives it up, for a reason that the driver does not know of. */
  drop(cause: unknown): void {
    this.#lose(cause);
  }

  /** Makes a connect that is under way fail soon: only the look-up of a name is waited for. */
  giveUp(): void {
    this.#connections.cut();
  }

  /**
   * Ends it, requests in flight included. Not before `connect` has settled: the driver would connect
   * all the same, and nobody would know.
   */
  async release(): Promise<void> {
    const sockets = this.#connections.sockets();
    const shutdown = this.client.shutdown().catch(() => {});
    this.#connections.close();
    const ended = new AbortController();
    // The driver has timers on a connection until its socket is closed, and does not always wait for that.
    const gone = Promise.all([shutdown, ...sockets.map(socketClosed)]);
    gone.then(() => ended.abort());
    await wait(this.#clock, FAREWELL_MS, ended.signal);
    for (const socket of sockets) socket.destroy();
    await gone;
  }

  /**
   * With its last host the driver loses its control connection, and each attempt to get it back leaves
   * sockets and timers behind that outlive `shutdown()`. So the session ends here.
   */
  #checkHosts(): void {
    if (this.client.getState().getConnectedHosts().length === 0) {
      this.#lose(toldError("No host of the cluster is connected any more"));
    }
  }
}
