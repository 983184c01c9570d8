import { CLUSTERS, type ClusterId } from "@helix/core";

/** Where a page ended, and on which cluster. */
export interface PageState {
  /** None: it is the driver's own, whose cluster the caller names. */
  readonly cluster?: ClusterId | undefined;
  /** As the driver takes it. */
  readonly state: Buffer | string;
}

const OURS = new RegExp(`^(${CLUSTERS.join("|")})\\.((?:[0-9a-f]{2})+)$`);
const DRIVERS = /^(?:[0-9a-f]{2})+$/i;

/** The driver's page state with the cluster that it is of; it can stand in a URL as it is. */
export function formatPageState(cluster: ClusterId, state: string): string {
  return `${cluster}.${state}`;
}

/** The page state that it is; undefined for what is none. */
export function parsePageState(value: unknown): PageState | undefined {
  if (Buffer.isBuffer(value)) return { state: value };
  if (typeof value !== "string") return undefined;
  const [, cluster, state] = OURS.exec(value) ?? [];
  if (state !== undefined) return { cluster: cluster as ClusterId, state };
  return DRIVERS.test(value) ? { state: value } : undefined;
}

/**
 * The cluster that a page is asked of: to any other its state means nothing.
 *
 * @param only The cluster that the request is for, if it is not for both.
 * @throws TypeError where they are not the same, or neither says which.
 */
export function clusterOfPage(page: PageState, only: ClusterId | undefined): ClusterId {
  const cluster = page.cluster ?? only;
  if (cluster === undefined) {
    throw new TypeError(
      "Expected `pageState` to be a result's of this client: a plain one of the driver needs the `cluster` that it is of",
    );
  }
  if (only !== undefined && only !== cluster) {
    throw new TypeError(
      `Expected \`pageState\` to be one of cluster ${only}, got one of cluster ${cluster}, where alone it means something`,
    );
  }
  return cluster;
}
