import { CLUSTERS, type ClusterId, helixError, type Operation, otherCluster, outcomeOf } from "@helix/core";
import { readError } from "./failure/read-error.ts";
import type { ReadOptions } from "./request-options.ts";
import { type FetchPage, Result } from "./result.ts";
import type { ClusterLink } from "./session/cluster-link.ts";
import { queryOptions, sendOperation } from "./session/driver-request.ts";

/**
 * Reads from one cluster and stays with it, since two reads from two clusters may see two pasts: it moves to
 * the other when this one fails or its breaker is open, and then stays there. A refusal of the server is not
 * a failure: the other would refuse as well.
 */
export class ReadPath {
  readonly #links: Readonly<Record<ClusterId, ClusterLink>>;
  #current: ClusterId;

  constructor(links: Readonly<Record<ClusterId, ClusterLink>>, first: ClusterId) {
    this.#links = links;
    this.#current = first;
  }

  /** The one that reads go to first. */
  get links(): readonly ClusterLink[] {
    return [this.#links[this.#current], this.#links[otherCluster(this.#current)]];
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
    const causes: Partial<Record<ClusterId, unknown>> = {};
    /** Of servers that know no such table, or grant no such right: the other may. */
    const refusals: unknown[] = [];
    const query = queryOptions(operation, options);
    for (const cluster of [this.#current, otherCluster(this.#current)]) {
      const link = this.#links[cluster];
      if (!link.isAvailable) {
        causes[cluster] = link.unavailableError();
        continue;
      }
      try {
        const resultSet = await sendOperation(link, operation, query);
        this.#current = cluster;
        return new Result<Row>(resultSet, { cluster, fetchPage });
      } catch (error) {
        const reading = readError(error);
        if (reading.retry === "never") throw error;
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
        cause: causes[this.#current],
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
    const link = this.#links[cluster];
    if (!link.isAvailable) throw pageLost(cluster, link.unavailableError());
    try {
      const resultSet = await sendOperation(link, operation, queryOptions(operation, options));
      return new Result<Row>(resultSet, { cluster, fetchPage });
    } catch (error) {
      throw link.isAvailable ? error : pageLost(cluster, error);
    }
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
