import { helixError } from "@helix/core";
import { type OptionsOf, onAbort, oneOf, optional, readOptions, signal } from "@helix/core/internal";
import { readError } from "../failure/read-error.ts";
import { type ClusterLinks, clientClosed } from "./cluster-links.ts";

export interface ConnectOptions {
  /**
   * What to wait for: one cluster, no cluster, or all that are configured. Those that are not there are
   * sought until close in any case. @default "any"
   */
  readonly waitFor?: "any" | "none" | "all" | undefined;
  /** Ends the waiting, not the seeking. */
  readonly signal?: AbortSignal | undefined;
}

const CONNECT_OPTIONS: OptionsOf<ConnectOptions> = {
  waitFor: oneOf(["any", "none", "all"], "any"),
  signal: optional(signal),
};

/** @throws TypeError naming the option. */
export function checkConnectOptions(options: ConnectOptions): void {
  readOptions<ConnectOptions>("`connect`", CONNECT_OPTIONS, options);
}

/**
 * Starts the links and waits. Rejects with the signal's reason, HELIX_CLIENT_CLOSED when `closed` is aborted
 * meanwhile, or HELIX_NO_CLUSTER_AVAILABLE once no cluster will have its configuration, which waiting does not cure.
 */
export function connectLinks(
  links: ClusterLinks,
  options: ConnectOptions,
  closed: AbortSignal,
): Promise<void> {
  const { waitFor = "any", signal } = options;
  links.start();
  return new Promise((resolve, reject) => {
    const cleanups: (() => void)[] = [];
    const settle = (end: () => void) => {
      for (const cleanup of cleanups) cleanup();
      end();
    };
    const needed = { none: 0, any: 1, all: links.all.length }[waitFor];
    const look = () => {
      const there = links.all.filter(({ isConnected }) => isConnected);
      if (there.length >= needed) settle(resolve);
      else if (links.all.every(({ refusal }) => refusal !== undefined)) settle(() => reject(refused(links)));
    };
    const listen = (to: AbortSignal | undefined, reason: () => unknown) => {
      const abort = () => settle(() => reject(reason()));
      if (to !== undefined) cleanups.push(onAbort(to, abort));
    };
    listen(signal, () => signal?.reason);
    listen(closed, clientClosed);
    for (const link of links.all) cleanups.push(link.onAttempt(look));
    look();
  });
}

function refused({ all }: ClusterLinks): Error {
  const causes = Object.fromEntries(all.map(({ cluster, refusal }) => [cluster, refusal]));
  const why = all.map(({ cluster, refusal }) => `${cluster}: ${readError(refusal).text}`).join("; ");
  return helixError("HELIX_NO_CLUSTER_AVAILABLE", `No cluster accepts its configuration. ${why}`, { causes });
}
