import type { StartContext } from "../servers/first-usable.ts";

/** Where one cluster is: all that a client needs. Plain data, so that it can be handed to test workers. */
export interface CassandraAddress {
  readonly host: string;
  readonly port: number;
  /** `host:port`, as the driver's `contactPoints` takes it. */
  readonly contactPoint: string;
  readonly localDataCenter: string;
}

/**
 * One single-node cluster and the ways to hurt it. Address and data stay the same over `kill` and `start`.
 * Every method rejects for a node whose address came from the environment: it is not ours to kill.
 */
export interface CassandraNode extends CassandraAddress {
  /**
   * Kills the server (SIGKILL). Resolves when it is gone: connections are then refused. Twice is harmless.
   */
  kill(): Promise<void>;
  /**
   * Starts it again on the same data. Resolves when it answers CQL; rejects with the end of its log
   * otherwise.
   */
  start(): Promise<void>;
  /** Freezes it (SIGSTOP): connections stay open, and new ones are accepted, but nothing is answered. */
  pause(): Promise<void>;
  /** Thaws it (SIGCONT): it answers what has piled up. */
  resume(): Promise<void>;
  /** Takes the network of its container away, and resolves with the way to put it back. Only a container has one of its own. */
  disconnect?(): Promise<() => Promise<void>>;
}

/** A node as its provider sees it: `close` removes the server and everything that it wrote. */
export interface OwnedNode extends CassandraNode {
  close(): Promise<void>;
}

/** Where a pair comes from. */
export type PairSource = "environment" | "containers" | "processes" | "simulation";

/** Two independent clusters. */
export interface CassandraPair extends AsyncDisposable {
  readonly source: PairSource;
  /** One line for people: what is used, versions, addresses. */
  readonly description: string;
  readonly A: CassandraNode;
  readonly B: CassandraNode;
  /** Stops both servers and removes their data. Callers share one promise. */
  close(): Promise<void>;
}

/** What every provider is given. */
export interface ProviderContext extends StartContext {
  /** Both nodes will be killed or paused. */
  readonly killable: boolean;
}
