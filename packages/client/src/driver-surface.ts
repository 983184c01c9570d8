import { Readable } from "node:stream";
import { type ClusterId, type EventHub, helixError, type Logger, type Params } from "@helix/core";
import type { Client, Host, HostMap, metadata, types } from "cassandra-driver";
import { type EachRowCallback, type RowCallback, readEachRow, visitRows } from "./each-row.ts";
import { loggable } from "./failure/loggable.ts";
import type { ExecuteOptions } from "./request-options.ts";
import type { Result } from "./result.ts";
import type { ClusterLink } from "./session/cluster-link.ts";

/** Takes a line of a driver's log, as its own `log` event does, and which cluster's driver it is. */
export type LogListener = (
  level: string,
  className: string,
  message: string,
  furtherInfo: unknown,
  cluster: ClusterId | undefined,
) => unknown;

/** Where the lines of the drivers' logs go. */
export type DriverLog = EventHub<{ log: Parameters<LogListener> }>;

/**
 * What a user of the driver finds here by the driver's names, made of `execute` and of the sessions. What is told of
 * one cluster (`metadata`, `hosts`, `getState`, `getReplicas`) is that of the cluster that reads go to, or of the other
 * while that one is away: it is another object after an outage, and must not be kept.
 */
export abstract class DriverSurface {
  readonly #log: DriverLog;
  readonly #logger: Logger;

  protected constructor(log: DriverLog, logger: Logger) {
    this.#log = log;
    this.#logger = logger;
  }

  abstract execute<Row = types.Row>(
    query: string,
    params?: Params | null,
    options?: ExecuteOptions | null,
  ): Promise<Result<Row>>;

  /** The one that reads go to first. */
  protected abstract get readLinks(): readonly ClusterLink[];

  /**
   * The driver of a cluster, for what is not covered here; undefined while the cluster is away. Never keep it: after an
   * outage there is another. What is written by it is written to that cluster alone, and never queued.
   */
  driver(cluster: ClusterId): Client | undefined {
    return this.readLinks.find((link) => link.cluster === cluster)?.driver;
  }

  /**
   * This client where a `Client` of the driver is asked for: `new mapping.Mapper(client.asDriver())`,
   * `concurrent.executeConcurrent(client.asDriver(), …)`. The README says what of a `Client` is not there.
   */
  asDriver(): Client {
    return this as unknown as Client;
  }

  /** Undefined where the clusters are configured without one, or with two: a write names it then. */
  get keyspace(): string | undefined {
    const [keyspace, ...others] = new Set(this.readLinks.map(({ config }) => config.keyspace));
    return others.length === 0 ? keyspace : undefined;
  }

  /** @throws HELIX_NO_CLUSTER_AVAILABLE */
  get metadata(): metadata.Metadata {
    return this.#anyDriver().metadata;
  }

  /** @throws HELIX_NO_CLUSTER_AVAILABLE */
  get hosts(): HostMap {
    return this.#anyDriver().hosts;
  }

  /** @throws HELIX_NO_CLUSTER_AVAILABLE */
  getState(): metadata.ClientState {
    return this.#anyDriver().getState();
  }

  /** @throws HELIX_NO_CLUSTER_AVAILABLE */
  getReplicas(keyspace: string, token: Buffer): Host[] {
    return this.#anyDriver().getReplicas(keyspace, token);
  }

  /** Tells those who listen for `log`, as the driver's `Mapper` does. */
  log(level: string, message: string, furtherInfo: unknown = ""): void {
    this.#log.emit("log", [level, this.constructor.name, message, furtherInfo, undefined]);
  }

  /**
   * Calls back for each row, and once with the end, as the driver does. Reads a page at a time, all of them with
   * `autoPage`; without it the `nextPage` of the result does the same for the page that follows. Without a `callback` a
   * failure is a log line.
   *
   * @throws TypeError without a function that takes the rows; else the callback gets what `execute` rejects with.
   */
  eachRow<Row = types.Row>(
    query: string,
    params: Params | null | undefined,
    options: ExecuteOptions | null | undefined,
    rowCallback: RowCallback<Row>,
    callback?: EachRowCallback<Row>,
  ): void;
  eachRow<Row = types.Row>(
    query: string,
    params: Params | null | undefined,
    rowCallback: RowCallback<Row>,
    callback?: EachRowCallback<Row>,
  ): void;
  eachRow<Row = types.Row>(query: string, rowCallback: RowCallback<Row>): void;
  eachRow<Row>(query: string, ...args: readonly unknown[]): void {
    const { params, options, rowCallback, callback } = readEachRow<Row>(args);
    const log = (err: unknown) => {
      if (err !== null)
        this.#logger.error({ err: loggable(err) }, "eachRow failed, and was given no callback");
    };
    visitRows(this.execute<Row>(query, params, options), { options, rowCallback }, callback ?? log);
  }

  /**
   * All rows as a stream of objects, which asks for a page when its reader has taken the one before. It is destroyed
   * with what `execute` rejects with. The callback is called once, at the end or with the failure.
   */
  stream(
    query: string,
    params?: Params | null,
    options?: ExecuteOptions | null,
    callback?: (error?: Error) => void,
  ): Readable {
    const rows = async function* (this: DriverSurface) {
      yield* await this.execute(query, params, options);
    };
    const stream = Readable.from(rows.call(this));
    if (callback !== undefined) stream.once("end", () => callback()).once("error", callback);
    return stream;
  }

  #anyDriver(): Client {
    const links = this.readLinks;
    for (const { driver } of links) if (driver !== undefined) return driver;
    const causes = Object.fromEntries(links.map((link) => [link.cluster, link.unavailableError()]));
    throw helixError("HELIX_NO_CLUSTER_AVAILABLE", "No cluster is there to be asked", { causes });
  }
}
