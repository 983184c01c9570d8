import type { ClusterId, Statement } from "@helix/core";
import type { Random } from "../scenario/random.ts";
import type { Poison } from "../scenario/write.ts";
import type { Tape } from "../world/tape.ts";
import { START_MS, type VirtualTime } from "../world/virtual-time.ts";
import { driverErrors } from "./driver-errors.ts";
import { LwwRows } from "./lww-rows.ts";
import { applyStatement, identityOf, rowOf, TABLES, tokenOf } from "./statements.ts";

/** The replicas of a table, or the table itself. */
export interface TableAway {
  readonly kind: "table-away";
  readonly table: string;
  readonly how: "unavailable" | "timeout" | "missing";
}

/** The rows of a part of the ring have too few replicas, in every table: as when two nodes have died. */
export interface RangesAway {
  readonly kind: "ranges-away";
  /** Where the part begins, and how much of the ring it is, both in [0, 1). */
  readonly from: number;
  readonly share: number;
  readonly how: "unavailable" | "timeout";
  /** So many of the timeouts are applied. */
  readonly appliedShare: number;
}

/** What ails a cluster for a while. Several may at a time; each is its own object. */
export type ClusterTrouble = { readonly sinceMs: number } & (
  | { readonly kind: "down" }
  /** Nothing arrives, nothing is answered. */
  | { readonly kind: "silent" }
  /** What arrives is applied, and nothing is answered. */
  | { readonly kind: "deaf" }
  | TableAway
  | RangesAway
  | { readonly kind: "slow"; readonly factor: number }
  /** Beyond so many requests at once it takes longer and longer, then refuses. */
  | { readonly kind: "overload"; readonly capacity: number }
  /** Some writes time out at the coordinator, of which some are applied. */
  | { readonly kind: "flaky"; readonly share: number; readonly appliedShare: number }
);

/** A write as it arrives; none: a look at the system tables. */
export interface ClusterRequest {
  readonly statements: readonly Statement[];
  readonly timestamp: bigint;
}

/** `write_request_timeout` of a server. */
export const SERVER_TIMEOUT_MS = 2000;
const LATE_MS = 7000;
/** A replay is judged by a look at the schema that is no older; the model's sessions are told of no change. */
const LOOK_MS = 2000;

/** One cluster: rows with last-write-wins, and a mood. */
export class ModelCluster {
  readonly cluster: ClusterId;
  readonly rows = new LwwRows();
  readonly poison = new Map<string, Poison>();
  readonly graceSeconds: Readonly<Record<string, number>>;
  readonly #time: VirtualTime;
  readonly #random: Random;
  readonly #tape: Tape;
  readonly #troubles = new Set<ClusterTrouble>();
  readonly #applied = new Set<string>();
  /** When a table was there again. */
  readonly #cameAtMs = new Map<string, number>();
  readonly #onDown = new Set<() => void>();
  /** How often a trouble has begun. */
  setbacks = 0;
  /** By process, its tries that began while something ailed the cluster, and have not ended. */
  readonly #troubledTries = new Map<string, number>();
  #inFlight = 0;

  /** @param graceSeconds `gc_grace_seconds` of the tables that have less than the usual. */
  constructor(
    cluster: ClusterId,
    time: VirtualTime,
    random: Random,
    tape: Tape,
    graceSeconds: ModelCluster["graceSeconds"] = {},
  ) {
    this.cluster = cluster;
    this.graceSeconds = graceSeconds;
    this.#time = time;
    this.#random = random;
    this.#tape = tape;
  }

  /** Sets in; returns what ends it. */
  begin(trouble: ClusterTrouble): () => void {
    this.#troubles.add(trouble);
    this.setbacks++;
    this.#tell(trouble, true);
    if (trouble.kind === "down") for (const listener of [...this.#onDown]) listener();
    return () => {
      if (!this.#troubles.has(trouble)) return;
      // While it still lasts, for who judges what was.
      this.#tell(trouble, false);
      this.#troubles.delete(trouble);
      if (isMissing(trouble)) this.#cameAtMs.set(trouble.table, this.#time.nowMs);
    };
  }

  /** What its nodes take for the time. Milliseconds since 1970. */
  get wallMs(): number {
    return START_MS + this.#time.nowMs;
  }

  /** The tables that it has now. */
  get tables(): readonly string[] {
    const missing = new Set([...this.#troubles].filter(isMissing).map(({ table }) => table));
    return TABLES.filter((table) => !missing.has(table));
  }

  get isDown(): boolean {
    return this.#has("down");
  }

  /**
   * Whether nothing ails it, nor did when a process made a try that has not ended: a look at the schema, which what is
   * written later waits for as well.
   */
  isWellFor(process: string): boolean {
    return this.#troubles.size === 0 && !this.#troubledTries.has(process);
  }

  /** A process makes a try; returns what ends it. */
  beginTry(process: string): () => void {
    if (this.#troubles.size === 0) return () => {};
    const tries = this.#troubledTries;
    tries.set(process, (tries.get(process) ?? 0) + 1);
    return () => {
      const left = (tries.get(process) ?? 0) - 1;
      if (left > 0) tries.set(process, left);
      else tries.delete(process);
    };
  }

  get isReachable(): boolean {
    return !this.#has("down") && !this.#has("silent") && !this.#has("deaf");
  }

  /** Whether writes of all these rows are answered, were it not for what ails the whole of it. */
  serves(rows: readonly string[]): boolean {
    for (const trouble of this.#troubles) if (isPartlyAway(trouble) && isAway(trouble, rows)) return false;
    return true;
  }

  /** Whether somebody may take a table of theirs for missing: it is, or was until just now. */
  mayLack(rows: readonly string[]): boolean {
    const isOfOne = (table: string) => rows.some((row) => isOf(table, row));
    if (TABLES.some((table) => isOfOne(table) && !this.tables.includes(table))) return true;
    return [...this.#cameAtMs].some(([table, atMs]) => this.#time.nowMs - atMs < LOOK_MS && isOfOne(table));
  }

  /** Calls back whenever it goes down; returns what ends that. */
  onDown(listener: () => void): () => void {
    this.#onDown.add(listener);
    return () => void this.#onDown.delete(listener);
  }

  hasApplied(identity: string): boolean {
    return this.#applied.has(identity);
  }

  /** Why, from then until now without a pause, no write of these rows could have been answered; the oldest first. */
  awaySince(sinceMs: number, rows: readonly string[]): readonly ClusterTrouble[] {
    return [...this.#troubles].filter((trouble) => trouble.sinceMs <= sinceMs && isAway(trouble, rows));
  }

  /** One try of a request; `answer` is called when the answer is there, if there is one. */
  receive(request: ClusterRequest | undefined, answer: (error?: Error) => void): void {
    if (this.#has("down") || this.#has("silent")) return;
    const latencyMs = this.#latencyMs();
    this.#inFlight++;
    this.#time.schedule(() => {
      const { error, afterMs } = this.#process(request);
      this.#time.schedule(
        () => {
          this.#inFlight--;
          if (this.isReachable && afterMs !== Number.POSITIVE_INFINITY) answer(error);
        },
        latencyMs / 2 + (afterMs === Number.POSITIVE_INFINITY ? LATE_MS : afterMs),
      );
    }, latencyMs / 2);
  }

  #process(request: ClusterRequest | undefined): { error?: Error; afterMs: number } {
    if (this.#has("down") || this.#has("silent")) return { afterMs: Number.POSITIVE_INFINITY };
    if (request === undefined) return { afterMs: 0 };
    const { statements, timestamp } = request;
    const identity = identityOf(statements, timestamp);
    const rows = statements.map(rowOf);
    for (const trouble of this.#troubles) {
      if (!isPartlyAway(trouble) || !isAway(trouble, rows)) continue;
      if (trouble.how === "missing") return { error: driverErrors.noTable(trouble.table), afterMs: 0 };
      if (trouble.how === "unavailable") return { error: driverErrors.unavailable(), afterMs: 0 };
      const isApplied = trouble.kind === "ranges-away" && this.#random.chance(trouble.appliedShare);
      if (isApplied) this.#apply(statements, timestamp, identity);
      return { error: driverErrors.writeTimeout(), afterMs: SERVER_TIMEOUT_MS };
    }
    for (const trouble of this.#troubles) {
      if (trouble.kind === "overload" && this.#inFlight > trouble.capacity * 4) {
        return { error: driverErrors.overloaded(), afterMs: 0 };
      }
      if (trouble.kind === "flaky" && this.#random.chance(trouble.share)) {
        if (this.#random.chance(trouble.appliedShare)) this.#apply(statements, timestamp, identity);
        return this.#random.chance(0.2)
          ? { afterMs: Number.POSITIVE_INFINITY }
          : { error: driverErrors.writeTimeout(), afterMs: SERVER_TIMEOUT_MS };
      }
    }
    const poison = this.poison.get(identity);
    if (poison === "rejected") return { error: driverErrors.invalid(), afterMs: 0 };
    if (poison === "timeout" || poison === "kills")
      return { error: driverErrors.writeTimeout(), afterMs: SERVER_TIMEOUT_MS };
    if (poison === "hang") return { afterMs: Number.POSITIVE_INFINITY };
    this.#apply(statements, timestamp, identity);
    return { afterMs: 0 };
  }

  #apply(statements: readonly Statement[], timestamp: bigint, identity: string): void {
    const time = { timestamp, nowMs: this.wallMs };
    for (const statement of statements) applyStatement(this.rows, statement, time);
    this.#applied.add(identity);
    this.#tape.emit({ kind: "apply", cluster: this.cluster, identity });
  }

  #latencyMs(): number {
    let latencyMs = 0.5 + 3 * this.#random.next();
    for (const trouble of this.#troubles) {
      if (trouble.kind === "slow") latencyMs *= trouble.factor;
      if (trouble.kind === "overload" && this.#inFlight > trouble.capacity) {
        latencyMs *= (this.#inFlight / trouble.capacity) ** 4 * 20;
      }
    }
    return latencyMs;
  }

  #tell(trouble: ClusterTrouble, isOn: boolean): void {
    this.#tape.emit({ kind: "trouble", cluster: this.cluster, isPartial: isPartial(trouble), isOn });
  }

  #has(kind: ClusterTrouble["kind"]): boolean {
    for (const trouble of this.#troubles) if (trouble.kind === kind) return true;
    return false;
  }
}

/** Whether none of these writes can be answered as long as it lasts. */
function isAway(trouble: ClusterTrouble, rows: readonly string[]): boolean {
  switch (trouble.kind) {
    case "table-away":
      return rows.some((row) => isOf(trouble.table, row));
    case "ranges-away":
      return rows.some((row) => (tokenOf(row) - trouble.from + 1) % 1 < trouble.share);
    default:
      return trouble.kind === "down" || trouble.kind === "silent" || trouble.kind === "deaf";
  }
}

function isMissing(trouble: ClusterTrouble): trouble is ClusterTrouble & TableAway {
  return trouble.kind === "table-away" && trouble.how === "missing";
}

function isOf(table: string, row: string): boolean {
  return row.startsWith(`${table}/`);
}

function isPartlyAway(trouble: ClusterTrouble): trouble is ClusterTrouble & (TableAway | RangesAway) {
  return trouble.kind === "table-away" || trouble.kind === "ranges-away";
}

/** One slower than that by more keeps no promise of time. */
const BEARABLE_FACTOR = 10;

/** Whether all is answered and soon, but for the writes that it is about. */
function isPartial(trouble: ClusterTrouble): boolean {
  return trouble.kind === "slow" ? trouble.factor <= BEARABLE_FACTOR : isPartlyAway(trouble);
}
