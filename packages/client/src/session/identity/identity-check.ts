import {
  Backoff,
  type Clock,
  type ClusterId,
  type ClusterIdentities,
  type ClusterIdentity,
  helixError,
  isHelixError,
  type Logger,
  otherCluster,
} from "@helix/core";
import type { Client } from "cassandra-driver";
import { identityOf, namedIdentity } from "./identity-of.ts";

/** While the record cannot be asked, or says nothing. */
const AGAIN = new Backoff({ initialMs: 1_000, maxMs: 60_000 });
/** So that nodes that are replaced one after another are known before the last of the old ones is gone. */
const REFRESH_MS = 3_600_000;

/** What the sessions of one process have reached last, by letter. */
export type ReachedClusters = Map<ClusterId, ClusterIdentity>;

export interface IdentityCheckOptions {
  readonly cluster: ClusterId;
  /** What the cluster is called in logs. */
  readonly name: string;
  readonly reached: ReachedClusters;
  readonly clock: Clock;
  readonly random: () => number;
  readonly logger: Logger;
  /** The session leads to another cluster: it has to be given up, if it is in use already. */
  readonly onMistaken: (error: Error) => void;
}

/**
 * Whether the session of a link leads to the cluster that its letter stands for: by the other link of the process, and by the
 * record of the queue, where there is one.
 *
 * absent –connected→ unasked –the record says so→ same; –it says nothing, or may not be read→ unknown; –another cluster→
 * mistaken, until a later session is none of that. What is not `same` is asked again after 1 to 60 s; what is, once an hour, and
 * when the driver has found other nodes.
 */
export class IdentityCheck {
  readonly #options: IdentityCheckOptions;
  #identities: ClusterIdentities | undefined;
  #client: Client | undefined;
  #state: "unasked" | "unknown" | "same" | "mistaken" = "unasked";
  #cause: unknown;
  #failures = 0;
  #isIdLess = false;
  #round: Promise<void> | undefined;
  #cancel: () => void = () => {};

  constructor(options: IdentityCheckOptions, identities: ClusterIdentities | undefined) {
    this.#options = options;
    this.#identities = identities;
  }

  /** Why nothing may be replayed on it yet: undefined where it may. */
  get doubt(): { readonly cause: unknown } | undefined {
    return this.#identities === undefined || this.#state === "same" ? undefined : { cause: this.#cause };
  }

  /** From now on by this record as well. */
  compareWith(identities: ClusterIdentities): void {
    if (this.#identities === identities) return;
    this.#identities = identities;
    this.#state = "unasked";
    this.again();
  }

  /**
   * There is a new session. Resolves when it may be used, which it may while nobody can be asked. Rejects with
   * HELIX_CLUSTER_MISTAKEN.
   */
  async connected(client: Client): Promise<void> {
    this.#client = client;
    this.#state = "unasked";
    this.#failures = 0;
    await this.#ask();
  }

  /** There is no session any more. Leaves no timer. */
  disconnected(): void {
    this.#client = undefined;
    this.#cancel();
  }

  /** The driver has found other nodes. */
  again(): void {
    this.#ask().catch(() => {});
  }

  /**
   * Before anything is queued for this letter. Undefined where it may be, at once; resolves when it may. Rejects with
   * HELIX_CLUSTER_MISTAKEN: what this process calls by the letter is another cluster, and so, perhaps, is what has missed the write.
   */
  settled(): Promise<void> | undefined {
    if (this.#state === "mistaken") return Promise.reject(this.#cause);
    if (this.#identities === undefined || this.#client === undefined) return undefined;
    return this.#state === "unasked" ? this.#ask() : undefined;
  }

  /** Those who ask at once share one round. Rejects with HELIX_CLUSTER_MISTAKEN only. */
  #ask(): Promise<void> {
    this.#cancel();
    if (this.#client === undefined) return Promise.resolve();
    this.#round ??= this.#run();
    return this.#round;
  }

  /** Until what was asked about is what there is now. */
  async #run(): Promise<void> {
    try {
      while (this.#client !== undefined) {
        const [client, identities] = [this.#client, this.#identities];
        const answer = await this.#compare(client, identities);
        if (client === this.#client && identities === this.#identities) return this.#heard(answer);
      }
    } finally {
      this.#round = undefined;
    }
  }

  async #compare(client: Client, identities: ClusterIdentities | undefined): Promise<Answer> {
    const { cluster, reached } = this.#options;
    try {
      const found = identityOf(client);
      if (found.hosts.length === 0) return { state: this.#withoutIds() };
      const other = reached.get(otherCluster(cluster));
      if (other?.hosts.some((host) => found.hosts.includes(host))) throw oneCluster(cluster, found);
      reached.set(cluster, found);
      if (identities === undefined) return { state: "same" };
      return { state: await identities.claim(cluster, await namedIdentity(client, found)) };
    } catch (cause) {
      return { cause };
    }
  }

  #heard({ state, cause }: Answer): void {
    this.#cause = cause;
    if (isHelixError(cause, "HELIX_CLUSTER_MISTAKEN")) {
      this.#options.reached.delete(this.#options.cluster);
      this.#state = "mistaken";
      this.#options.onMistaken(cause);
      throw cause;
    }
    // What was known of this session stays known while nobody can be asked.
    this.#state = state ?? this.#state;
    this.#askLater(state === "same");
    const { logger, name } = this.#options;
    if (cause !== undefined && this.#failures === 1)
      logger.warn(
        { cluster: name, err: cause },
        "cannot compare the cluster with the queue's record; it is asked again",
      );
  }

  #withoutIds(): "same" {
    const { logger, name } = this.#options;
    if (!this.#isIdLess && this.#identities !== undefined) {
      logger.warn(
        { cluster: name },
        "the cluster tells no ids of its nodes: it is not compared with the queue's record",
      );
      this.#isIdLess = true;
    }
    return "same";
  }

  #askLater(isSame: boolean): void {
    if (this.#identities === undefined) return;
    const { clock, random } = this.#options;
    this.#failures = isSame ? 0 : this.#failures + 1;
    const delayMs = isSame ? REFRESH_MS : AGAIN.delayMs(this.#failures, random());
    this.#cancel();
    this.#cancel = clock.setTimer(() => this.again(), delayMs);
  }
}

interface Answer {
  readonly state?: "unknown" | "same";
  readonly cause?: unknown;
}

function oneCluster(cluster: ClusterId, found: ClusterIdentity): Error {
  const text =
    `A and B are configured to be one cluster: both lead to the one in ${found.dataCenters.join(", ")} with the node ` +
    `${found.hosts[0]}. Nothing is sent to it as ${cluster}`;
  return helixError("HELIX_CLUSTER_MISTAKEN", text, {
    cluster,
    found,
    recorded: undefined,
    recordedAs: otherCluster(cluster),
  });
}
