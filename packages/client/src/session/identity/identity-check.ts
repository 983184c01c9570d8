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
import { isShared, wait } from "@helix/core/internal";
import type { Client } from "cassandra-driver";
import { identityOf } from "./identity-of.ts";

/** While the record cannot be asked, or says nothing. */
const AGAIN = new Backoff({ initialMs: 1_000, maxMs: 60_000 });
/** So long a session that is made waits for the record. */
const PATIENCE_MS = 1_000;
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

  /** While it is being asked: settles, and never rejects, when there is an answer. */
  get asking(): Promise<void> | undefined {
    return this.#round?.catch(() => {});
  }

  /** From now on by this record as well. */
  compareWith(identities: ClusterIdentities): void {
    if (this.#identities === identities) return;
    this.#identities = identities;
    this.#state = "unasked";
    this.again();
  }

  /**
   * There is a new session. Resolves when it may be used, which it may while nobody can be asked, or nobody answers within a second.
   * Rejects with HELIX_CLUSTER_MISTAKEN.
   */
  async connected(client: Client): Promise<void> {
    this.#client = client;
    // What was another cluster is one until somebody says otherwise.
    if (this.mistake === undefined) this.#state = "unasked";
    this.#failures = 0;
    const answered = new AbortController();
    const asked = this.#ask().finally(() => answered.abort());
    await Promise.race([asked, wait(this.#options.clock, PATIENCE_MS, answered.signal)]);
    if (this.mistake !== undefined) throw this.mistake;
  }

  /** Of the session that there is, or was last. */
  get mistake(): Error | undefined {
    return this.#state === "mistaken" ? (this.#cause as Error) : undefined;
  }

  /** There is no session any more. Leaves no timer. */
  disconnected(): void {
    this.#client = undefined;
    this.#cancel();
  }

  /** A node has answered: one of the other letter's, where an address has come to be its. */
  answeredBy(hostId: string): void {
    const { cluster, reached } = this.#options;
    const [own, other] = [reached.get(cluster), reached.get(otherCluster(cluster))];
    if (own?.hosts.includes(hostId) || !other?.hosts.includes(hostId)) return;
    const [cause, isNews] = [oneCluster(cluster, { ...other, hosts: [hostId] }), this.mistake === undefined];
    [this.#state, this.#cause] = ["mistaken", cause];
    if (isNews) this.#options.onMistaken(cause);
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
    if (this.mistake !== undefined) return Promise.reject(this.mistake);
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
      const found = await identityOf(client);
      if (found.hosts.length === 0) return { state: this.#withoutIds() };
      if (isShared(found, reached.get(otherCluster(cluster)))) throw oneCluster(cluster, found);
      reached.set(cluster, found);
      return { state: (await identities?.claim(cluster, found)) ?? "same" };
    } catch (cause) {
      return { cause };
    }
  }

  #heard({ state, cause }: Answer): void {
    const { mistake } = this;
    this.#cause = cause;
    if (isHelixError(cause, "HELIX_CLUSTER_MISTAKEN")) {
      this.#options.reached.delete(this.#options.cluster);
      this.#state = "mistaken";
      this.#options.onMistaken(cause);
      throw cause;
    }
    // What was known stays known while nobody can be asked.
    this.#state = state ?? this.#state;
    if (state === undefined && mistake !== undefined) this.#cause = mistake;
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
