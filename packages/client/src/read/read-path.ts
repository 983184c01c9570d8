import {
  CLUSTERS,
  type Clock,
  type ClusterId,
  helixError,
  type Operation,
  otherCluster,
  outcomeOf,
} from "@helix/core";
import { readError } from "../failure/read-error.ts";
import type { ReadOptions } from "../request-options.ts";
import { type FetchPage, Result } from "../result.ts";
import type { ClusterLink } from "../session/cluster-link.ts";
import { queryOptions, sendOperation } from "../session/driver-request.ts";
import type { ReadStrategy } from "./read-strategy.ts";

export interface ReadPathOptions {
  readonly links: Readonly<Record<ClusterId, ClusterLink>>;
  readonly strategy: ReadStrategy;
  /** Whether the other cluster is to be asked first, if that one is not to be avoided as well. */
  readonly isAvoided: (cluster: ClusterId) => boolean;
  readonly clock: Clock;
}

/**
 * Reads from the cluster that the strategy chooses, and from the other when that one fails or its breaker is open. A
 * refusal of the server is not a failure: the other would refuse as well.
 */
export class ReadPath {
  readonly #options: ReadPathOptions;

  constructor(options: ReadPathOptions) {
    this.#options = options;
  }

  /** The one that reads go to first. */
  get links(): readonly ClusterLink[] {
    return this.#order().map((cluster) => this.#options.links[cluster]);
  }

  /**
   * Rejects with the driver's error where a server refuses it for good, or both refuse it; otherwise with
   * HELIX_NO_CLUSTER_AVAILABLE and both causes.
   */
  async read<Row>(
    operation: Operation,
    options: ReadOptions,
    fetchPage: FetchPage<Row>,
  ): Promise<Result<Row>> {
    const { links, strategy, clock } = this.#options;
    const causes: Partial<Record<ClusterId, unknown>> = {};
    /** Of servers that know no such table, or grant no such right: the other may. */
    const refusals: unknown[] = [];
    const query = queryOptions(operation, options);
    const order = this.#order();
    for (const cluster of order) {
      const link = links[cluster];
      if (!link.isAvailable) {
        causes[cluster] = link.unavailableError();
        continue;
      }
      const sentAtMs = clock.monotonicMs();
      try {
        const resultSet = await sendOperation(link, operation, query);
        strategy.answered(cluster, clock.monotonicMs() - sentAtMs);
        return new Result<Row>(resultSet, { cluster, fetchPage });
      } catch (error) {
        const reading = readError(error);
        if (reading.retry === "never") throw error;
        strategy.failed(cluster, clock.monotonicMs() - sentAtMs);
        causes[cluster] = error;
        if (outcomeOf(reading) === "uncertain" && reading.applied === "no") refusals.push(error);
      }
      options.signal?.throwIfAborted();
    }
    if (refusals.length === CLUSTERS.length) throw refusals[0];
    throw helixError(
      "HELIX_NO_CLUSTER_AVAILABLE",
      "No cluster could answer the read",
      { causes },
      {
        cause: causes[order[0]],
      },
    );
  }

  /**
   * Reads on from a page of this cluster. Where the others read changes nothing, and is not changed. Rejects with the
   * driver's error, or HELIX_PAGE_LOST if the cluster is away.
   */
  async readPage<Row>(
    cluster: ClusterId,
    operation: Operation,
    options: ReadOptions,
    fetchPage: FetchPage<Row>,
  ): Promise<Result<Row>> {
    const link = this.#options.links[cluster];
    if (!link.isAvailable) throw pageLost(cluster, link.unavailableError());
    try {
      const resultSet = await sendOperation(link, operation, queryOptions(operation, options));
      return new Result<Row>(resultSet, { cluster, fetchPage });
    } catch (error) {
      throw link.isAvailable ? error : pageLost(cluster, error);
    }
  }

  #order(): readonly [ClusterId, ClusterId] {
    const { strategy, isAvoided } = this.#options;
    const first = strategy.first();
    const second = otherCluster(first);
    return isAvoided(first) && !isAvoided(second) ? [second, first] : [first, second];
  }
}

function pageLost(cluster: ClusterId, cause: unknown): Error {
  return helixError(
    "HELIX_PAGE_LOST",
    `Cluster ${cluster}, which gave the page before, is away, and the other cannot go on from there: read again from ` +
      "the start, or this page later",
    { cluster },
    { cause },
  );
}
