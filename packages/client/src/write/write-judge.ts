import { CLUSTERS, type Clock, type ClusterId, type Operation, type Params } from "@helix/core";
import {
  type Decision,
  decide,
  type Inspection,
  type KeyspaceSchema,
  type TableName,
  type TableSchema,
} from "@helix/safety";
import type { ReadOptions } from "../request-options.ts";
import { clientClosed } from "../session/cluster-links.ts";
import type { ClusterSchema } from "../session/schema/cluster-schema.ts";
import { decideOnBoth, withOneTtl } from "./decide-on-both.ts";
import { JudgedWrite, type KnownThen } from "./judged-write.ts";
import { learnSchema } from "./learn-schema.ts";
import { keyspacesOf, type Part, partsOf } from "./parts.ts";
import { PlainWrites, type Side } from "./plain-writes.ts";
import { isServersOwn, notReplayable, refusalOf, type Unsafe, writesRows } from "./refusal.ts";
import { type Calls, sentOperation } from "./sent-operation.ts";
import { type LookFailures, neitherSays, unknownPart, unknownTable } from "./unknown-table.ts";
import type { WriteTimestamps } from "./write-timestamps.ts";

/** A look that is not older is a fresh one. Servers tell of a new table up to 23 ms after they have made it. */
const FRESH_MS = 100;

const DISPOSITIONS = { hold: "hold", replay: "unsafe" } as const;

/** What of a cluster's link is asked. */
export interface JudgedLink {
  readonly config: { readonly keyspace: string | undefined };
  readonly schema: Pick<ClusterSchema, "known" | "lastKnown" | "load">;
  /** Whether a write would be tried on it now. */
  readonly isAvailable: boolean;
}

export interface WriteJudgeOptions {
  readonly links: Readonly<Record<ClusterId, JudgedLink>>;
  /** Where a request does not say it. */
  readonly unsafe: Unsafe;
  readonly timestamps: WriteTimestamps;
  readonly clock: Clock;
  /** How long a write waits until a cluster has said what its tables are. */
  readonly timeoutMs: number;
}

/**
 * Says of each write to both clusters what is sent, or refuses it. What is known of either cluster's schema counts, the stricter
 * verdict wins, and one cluster's is enough; of the other one the default TTLs count that were known last. With neither nothing is guessed: both are asked, and the first that says enough is.
 */
export class WriteJudge {
  readonly #options: WriteJudgeOptions;
  readonly #sides: Readonly<Record<ClusterId, Side>>;
  readonly #calls: Calls;
  readonly #plain: PlainWrites;
  readonly #closed = new AbortController();
  /** Clusters that are being asked though no write waits for them. */
  readonly #asking = new Set<ClusterId>();

  constructor(options: WriteJudgeOptions) {
    this.#options = options;
    const sideOf = ({ schema, config }: JudgedLink): Side => ({
      schema: { keyspace: (name) => schema.known(name) },
      keyspace: config.keyspace,
    });
    this.#sides = { A: sideOf(options.links.A), B: sideOf(options.links.B) };
    this.#plain = new PlainWrites(this.#sides, options.timestamps);
    this.#calls = { isNative: (part) => this.#isNative(part), clock: options.clock };
  }

  /**
   * At once where all is known; a promise only where a cluster has to be asked.
   *
   * Throws, or rejects with, HELIX_NOT_REPLAYABLE; TypeError for a timestamp that is given twice; HELIX_BOTH_CLUSTERS_FAILED where neither
   * cluster says what its tables are; HELIX_CLIENT_CLOSED; or the reason of the request's signal.
   */
  judge(operation: Operation, options: ReadOptions): JudgedWrite | Promise<JudgedWrite> {
    const plain = this.#plain.judge(operation, options);
    if (plain !== undefined) return plain;
    const parts = partsOf(operation);
    return this.#attempt(operation, parts, options) ?? this.#learn(operation, parts, options);
  }

  /** Nobody waits any more for what a cluster says. */
  close(): void {
    this.#closed.abort(clientClosed());
  }

  /** By what is known now; undefined where that is not enough. Throws what the write is refused with. */
  #attempt(operation: Operation, parts: readonly Part[], options: ReadOptions): JudgedWrite | undefined {
    const unsafe = options.unsafe ?? this.#options.unsafe;
    const decisions: Decision[] = [];
    let disposition: JudgedWrite["disposition"] = "replay";
    let isKnown = true;
    for (const part of parts) {
      const decision = this.#decide(part);
      if (decision === undefined) isKnown = false;
      else decisions.push(decision);
      const reason = refusalOf(operation, part, decision);
      if (reason === undefined) continue;
      const mayInsist = reason.isMistake === true ? "no" : this.#mayInsist(part);
      if (unsafe === "refuse" || mayInsist === "no") {
        throw notReplayable({ reason, member: part.member, mayInsist: mayInsist !== "no" });
      }
      disposition = DISPOSITIONS[unsafe];
      isKnown &&= mayInsist === "yes";
    }
    if (!isKnown) return undefined;
    const isMade = parts.some(({ inspection }) => inspection.calls.length > 0);
    return new JudgedWrite({
      operation: sentOperation(operation, parts, decisions, this.#calls),
      asked: isMade ? operation : undefined,
      timestampMicros: this.#timestampOf(decisions, options),
      disposition,
      parts,
      known: { A: this.#knownOn("A", parts), B: this.#knownOn("B", parts) },
    });
  }

  /** On both clusters; undefined where neither is known well enough. */
  #decide({ inspection, params }: Part): Decision | undefined {
    const { A: a, B: b } = this.#sides;
    const A = decide(inspection, { schema: a.schema, keyspace: a.keyspace, values: params });
    const B = decide(inspection, { schema: b.schema, keyspace: b.keyspace, values: params });
    if (A.verdict !== "depends" && B.verdict !== "depends") return decideOnBoth(A, B);
    if (A.verdict === "depends" && B.verdict === "depends") return undefined;
    // Of the other one its default TTL counts, as it was known last: said in the text, it is the same for both.
    if (A.verdict === "depends") return withOneTtl(B, this.#decidedLast("A", inspection, params), B);
    return withOneTtl(A, A, this.#decidedLast("B", inspection, params));
  }

  #decidedLast(cluster: ClusterId, inspection: Inspection, values: Params): Decision {
    const { schema } = this.#options.links[cluster];
    const { keyspace } = this.#sides[cluster];
    return decide(inspection, { schema: { keyspace: (name) => schema.lastKnown(name) }, keyspace, values });
  }

  /** That of the text, where it says one; else that of the request, or a new one. */
  #timestampOf(decisions: readonly Decision[], { timestampMicros: given }: ReadOptions): bigint {
    const { timestamps } = this.#options;
    const said = decisions[0]?.timestamp;
    const isSaid = typeof said === "bigint" && decisions.every(({ timestamp }) => timestamp === said);
    if (!isSaid) {
      for (const { timestamp, latestTimestamp: own = timestamp } of decisions) {
        if (typeof own === "bigint") timestamps.check(own);
      }
      // Where some members have one of their own, the others get that of the request.
      return timestamps.next(given);
    }
    if (given !== undefined && BigInt(given) !== said) {
      throw new TypeError(
        "Expected one timestamp: USING TIMESTAMP in the text wins over the option `timestampMicros`, which says another one",
      );
    }
    return timestamps.next(said);
  }

  /** Whether the caller may have it sent although it is refused; `unknown` until a cluster says what its table is. */
  #mayInsist(part: Part): "yes" | "no" | "unknown" {
    if (!writesRows(part)) return "no";
    const found = part.inspection.tables.map((name) =>
      CLUSTERS.map((cluster) => this.#tableOn(cluster, name)),
    );
    if (found.flat().some(isServersOwn)) return "no";
    return found.every((tables) => tables.some((table) => table !== undefined)) ? "yes" : "unknown";
  }

  /** Whether what it calls is the server's own: no function of the user's is in reach by that name. */
  #isNative({ inspection: { calls, tables } }: Part): boolean {
    const known = CLUSTERS.flatMap((cluster) => tables.map((table) => this.#keyspaceOn(cluster, table)));
    return calls.every(({ call: { keyspace, name } }) =>
      keyspace === undefined
        ? !known.some((one) => one?.functions.has(name.name))
        : keyspace.name === "system",
    );
  }

  #keyspaceOn(cluster: ClusterId, { keyspace }: TableName): KeyspaceSchema | undefined {
    const side = this.#sides[cluster];
    const name = keyspace?.name ?? side.keyspace;
    return name === undefined ? undefined : side.schema.keyspace(name);
  }

  #tableOn(cluster: ClusterId, name: TableName): TableSchema | undefined {
    return this.#keyspaceOn(cluster, name)?.tables.get(name.table.name);
  }

  #knownOn(cluster: ClusterId, parts: readonly Part[]): KnownThen {
    const { schema, keyspace } = this.#sides[cluster];
    const names = keyspacesOf(parts, keyspace);
    const keyspaces: KeyspaceSchema[] = [];
    for (const name of names) {
      const known = schema.keyspace(name);
      if (known !== undefined) keyspaces.push(known);
    }
    if (keyspaces.length < names.length) this.#askAside(cluster, names);
    return { keyspace, keyspaces };
  }

  /** So that its tables count as well, of the next write. */
  #askAside(cluster: ClusterId, keyspaces: readonly string[]): void {
    const { schema, isAvailable } = this.#options.links[cluster];
    if (!isAvailable || this.#asking.has(cluster)) return;
    this.#asking.add(cluster);
    const done = () => void this.#asking.delete(cluster);
    schema.load(keyspaces, { signal: this.#closed.signal }).then(done, done);
  }

  async #learn(operation: Operation, parts: readonly Part[], options: ReadOptions): Promise<JudgedWrite> {
    const look = () => this.#attempt(operation, parts, options);
    const { clock, timeoutMs, links } = this.#options;
    const load = (cluster: ClusterId) => (signal: AbortSignal) => {
      const { schema } = links[cluster];
      const names = keyspacesOf(parts, this.#sides[cluster].keyspace);
      // What is known, and not enough, has to be looked at again.
      const isKnown = names.some((name) => schema.known(name) !== undefined);
      return schema.load(names, { signal, ...(isKnown && { maxAgeMs: FRESH_MS }) });
    };
    const signals = [options.signal, this.#closed.signal];
    const learnt = await learnSchema({
      load: { A: load("A"), B: load("B") },
      look,
      clock,
      timeoutMs,
      signals,
    });
    if (learnt.found !== undefined) return learnt.found;
    throw this.#unknown(parts, learnt.failures, options);
  }

  /** The error of a write of which no cluster that could be asked says enough. */
  #unknown(parts: readonly Part[], failures: LookFailures, options: ReadOptions): Error {
    const side = CLUSTERS.filter((one) => failures[one] === undefined).map((one) => this.#sides[one])[0];
    const decisions = parts.map((part) =>
      decide(part.inspection, { ...(side ?? this.#sides.A), values: part.params }),
    );
    const at = parts.findIndex(
      (part) => this.#decide(part) === undefined || this.#mayInsist(part) === "unknown",
    );
    const part = parts[at];
    if (side === undefined || part === undefined)
      return neitherSays(failures, this.#timestampOf(decisions, options));
    const nowMs = this.#options.clock.wallMs();
    const missing = part.inspection.tables.find((name) =>
      CLUSTERS.every((cluster) => this.#tableOn(cluster, name) === undefined),
    );
    const reason =
      missing === undefined
        ? unknownPart(decisions[at]?.reason, failures, nowMs)
        : unknownTable(missing, side.keyspace, failures, nowMs);
    return notReplayable({
      reason,
      member: part.member,
      mayInsist: false,
      cause: Object.values(failures)[0],
    });
  }
}
