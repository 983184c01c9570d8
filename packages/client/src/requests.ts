import type { ClusterId, Operation, Params } from "@helix/core";
import { decide, inspect } from "@helix/safety";
import { abortable } from "./abortable.ts";
import { toLong } from "./bindings/long.ts";
import type { WriteMeaning } from "./bindings/write-meaning.ts";
import type { Paths } from "./create-paths.ts";
import { clusterOfPage, parsePageState } from "./page-state.ts";
import { inKeyspace } from "./replay/in-keyspace.ts";
import {
  type BatchOptions,
  type ExecuteOptions,
  type ReadOptions,
  readBatchOptions,
  readExecuteOptions,
} from "./request-options.ts";
import { type FetchPage, Result } from "./result.ts";
import type { ClusterConfig } from "./session/cluster-config.ts";
import type { ClusterLinks } from "./session/cluster-links.ts";
import { queryOptions, sendOperation } from "./session/driver-request.ts";
import type { InFlight } from "./session/in-flight.ts";
import { assertCarried, assertWriteLevel } from "./write/carried-options.ts";
import { type BatchStatement, readBatch, readStatement, withNulls } from "./write/operations.ts";
import type { WriteTimestamps } from "./write/write-timestamps.ts";

export interface RequestsOptions {
  readonly clusters: ReadonlyMap<ClusterId, ClusterConfig>;
  readonly links: ClusterLinks;
  readonly timestamps: WriteTimestamps;
  readonly inFlight: InFlight;
  /** None with one cluster alone. */
  readonly paths: Paths | undefined;
  /** Throws before `connect` and after `close`. */
  readonly assertOpen: () => void;
}

const TIMED: ReadonlySet<string> = new Set(["insert", "update", "delete", "batch"]);

/**
 * The requests of a client: checks what was asked for, before anything is sent, and sees where it goes. A write goes to
 * both clusters and a SELECT to one of them; to the one that is named, or the only one, goes anything.
 */
export class Requests {
  readonly #options: RequestsOptions;

  constructor(options: RequestsOptions) {
    this.#options = options;
  }

  /** As `HelixClient.execute`; what is refused before anything is sent is thrown. */
  execute<Row>(
    query: string,
    params: Params | null | undefined,
    options: ExecuteOptions,
  ): Promise<Result<Row>> {
    const given = readExecuteOptions(options);
    const statement = readStatement(query, params);
    const operation = meant(statement, given);
    const only = this.#onlyCluster(given);
    const page = parsePageState(given.pageState);
    const from = page === undefined ? undefined : clusterOfPage(page, only);
    const request = page === undefined ? given : { ...given, pageState: page.state };
    if (only === undefined && !isRead(query)) return this.#write(operation, request);
    // Whatever its caller makes of what it gave, the next page is one of the same request.
    const asked = { ...options };
    const fetchPage = async (pageState: string) =>
      this.execute<Row>(query, statement.params, { ...asked, pageState });
    if (only !== undefined) return this.#single(operation, request, only, fetchPage);
    const { reads } = this.#paths;
    const read =
      from === undefined
        ? () => reads.read(operation, request, fetchPage)
        : () => reads.readPage(from, operation, request, fetchPage);
    return this.#options.inFlight.track(() => abortable(read(), given.signal));
  }

  /** As `HelixClient.batch`; what is refused before anything is sent is thrown. */
  batch<Row>(statements: readonly BatchStatement[], options: BatchOptions): Promise<Result<Row>> {
    const given = readBatchOptions(options);
    const { logged = this.#meaning["queryOptions.logged"] } = given;
    const operation = meant(readBatch(statements, { ...given, logged }), given);
    const only = this.#onlyCluster(given);
    if (only !== undefined) return this.#single(operation, given, only);
    return this.#write(operation, given);
  }

  /** The cluster that a request is for, if it is not for both. */
  #onlyCluster({ cluster, executionProfile, signal }: ReadOptions): ClusterId | undefined {
    const { clusters, paths, assertOpen } = this.#options;
    if (cluster !== undefined && !clusters.has(cluster)) {
      throw new TypeError(`Expected \`cluster\` to be one that is configured, got "${cluster}"`);
    }
    const only = cluster ?? (paths === undefined ? "A" : undefined);
    for (const [id, config] of executionProfile === undefined ? [] : clusters) {
      if ((only ?? id) === id && executionProfile !== undefined && !config.hasProfile(executionProfile)) {
        throw new TypeError(`Expected \`executionProfile\` to be one of \`clusters.${id}.profiles\``);
      }
    }
    assertOpen();
    signal?.throwIfAborted();
    return only;
  }

  #write<Row>(operation: Operation, options: ReadOptions): Promise<Result<Row>> {
    assertCarried(operation, options);
    assertWriteLevel(this.#options.clusters.values(), options);
    const isUnset = this.#meaning["encoding.useUndefinedAsUnset"];
    const resolved = isUnset ? operation : withNulls(operation);
    return this.#options.inFlight.track(() => this.#paths.writes.write<Row>(resolved, options));
  }

  async #single<Row>(
    operation: Operation,
    options: ReadOptions,
    cluster: ClusterId,
    fetchPage?: FetchPage<Row>,
  ): Promise<Result<Row>> {
    const { timestamps, links, inFlight } = this.#options;
    const timestampMicros = isTimed(operation)
      ? timestamps.next(saidTimestamp(operation) ?? options.timestampMicros, [cluster])
      : undefined;
    const query = {
      ...queryOptions(operation, options),
      ...(timestampMicros !== undefined && { timestamp: toLong(timestampMicros) }),
    };
    return inFlight.track(async () => {
      const sent = await sendOperation(links.get(cluster), operation, query, { signal: options.signal });
      return new Result<Row>(sent, { cluster, timestampMicros, fetchPage });
    });
  }

  /** That of both clusters. */
  get #meaning(): WriteMeaning {
    return this.#options.links.get("A").config.meaning;
  }

  get #paths(): Paths {
    const { paths } = this.#options;
    if (paths === undefined) throw new Error("Two clusters are needed here: a bug in the routing");
    return paths;
  }
}

/** In the keyspace that the request says, if it says one. */
function meant(operation: Operation, { keyspace }: ReadOptions): Operation {
  return keyspace === undefined ? operation : inKeyspace(operation, keyspace);
}

/** What goes to one cluster, whichever that is: what writes nothing. A SELECT does not, understood or not. */
function isRead(query: string): boolean {
  const { verb, verdict } = inspect(query);
  return verb === "select" || verdict === "read";
}

/** Whether it changes rows, and so takes a timestamp. */
function isTimed(operation: Operation): boolean {
  return operation.kind === "batch" || TIMED.has(inspect(operation.query).verb);
}

/** That of the text, of one statement alone: the server takes it, whatever comes with the request. */
function saidTimestamp(operation: Operation): bigint | undefined {
  if (operation.kind === "batch") return undefined;
  const { timestamp } = decide(inspect(operation.query), { values: operation.params });
  return typeof timestamp === "bigint" ? timestamp : undefined;
}
