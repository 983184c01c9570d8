import type { Clock, TableGrace } from "@helix/core";
import { wait } from "@helix/core/internal";
import type { KeyspaceSchema } from "@helix/safety";
import { abortable } from "../../abortable.ts";
import type { ClockOffset } from "./clock-offset.ts";
import type { ClusterSchema, LoadOptions } from "./cluster-schema.ts";
import type { Look } from "./look.ts";
import type { SchemaReader } from "./schema-reader.ts";

/** Nothing is judged by what was not looked at for longer. */
const MAX_AGE_MS = 60_000;
/** What follows a read that failed, and the second and each further one of a keyspace that changes all the time. */
const PAUSE_MS = 1_000;
/** A schema that changes while it is read is read again, so often at most. */
const MAX_READS = 5;
const READ_PAUSE_MS = 100;

export interface KnownSchemaOptions {
  readonly reader: Pick<SchemaReader, "look" | "read" | "shortestGrace">;
  readonly clock: Clock;
  readonly clockOffset: Pick<ClockOffset, "offsetMs" | "sureMs" | "mostMs" | "heard">;
  /** Throws what a caller gets who cannot be served, since there is no session. */
  readonly assertConnected: () => void;
  /** The error where the schema does not stand still. */
  readonly unsettled: () => Error;
  /** The node that tells of changes; undefined where it is not known. */
  readonly teller: () => string | undefined;
  /** Told of the id of each node that was looked at. */
  readonly answeredBy: (hostId: string) => void;
}

interface Known {
  readonly schema: KeyspaceSchema;
  readonly readAtMs: number;
  /** From then on it has to be read again: a server has said that it has changed. */
  staleAtMs: number;
  usedAtMs: number;
}

/**
 * What is known of a schema, by looks at its version: one row, at most once a minute, when somebody asks. It trades a
 * minute, in which a change that no event has told goes unseen, for writes that ask no server.
 *
 * unknown –load→ known –event→ that keyspace unknown; –reconnect, or a minute→ all unknown until a look, and where that shows
 * another version, until those in use are read again. A session that is lost changes nothing: what was known is as good as
 * with a session whose events are lost, until the minute is over.
 */
export class KnownSchema implements ClusterSchema {
  readonly #options: KnownSchemaOptions;
  readonly #closing = new AbortController();
  /** All as of `#version`, or newer. */
  readonly #keyspaces = new Map<string, Known>();
  #version: string | undefined;
  /** When the look began by which all of it is known. */
  #lookedAtMs = Number.NEGATIVE_INFINITY;
  /** The number of that look, and how many have begun. */
  #lookedIn = 0;
  #looks = 0;
  /** Counts when events may have been missed. */
  #doubts = 0;
  /** Whether what is known now is to be asked of the node that tells of changes: others may not have heard of them yet. */
  #isInDoubt = true;
  /** Of the round that is under way: what is wanted of it, and what has changed since it began. */
  readonly #wanted = new Set<string>();
  readonly #changed = new Set<string>();
  #round: Promise<void> | undefined;
  #failedAtMs = Number.NEGATIVE_INFINITY;
  /** By the node that has said it. */
  readonly #truncatedAtMs = new Map<string | undefined, ReadonlyMap<string, number>>();

  constructor(options: KnownSchemaOptions) {
    this.#options = options;
  }

  known(keyspace: string, maxAgeMs = MAX_AGE_MS): KeyspaceSchema | undefined {
    const nowMs = this.#options.clock.monotonicMs();
    if (nowMs - this.#lookedAtMs >= Math.min(maxAgeMs, MAX_AGE_MS)) return undefined;
    const known = this.#keyspaces.get(keyspace);
    if (known === undefined || nowMs >= known.staleAtMs) return undefined;
    known.usedAtMs = nowMs;
    return known.schema;
  }

  lastKnown(keyspace: string): KeyspaceSchema | undefined {
    return this.#keyspaces.get(keyspace)?.schema;
  }

  async load(
    keyspaces: readonly string[],
    { signal, maxAgeMs = MAX_AGE_MS }: LoadOptions = {},
  ): Promise<void> {
    signal?.throwIfAborted();
    const sinceMs = this.#options.clock.monotonicMs() - Math.min(maxAgeMs, MAX_AGE_MS);
    const looks = this.#looks;
    const isLoaded = (name: string) => {
      const isFresh = this.#lookedIn > looks || this.#lookedAtMs > sinceMs;
      return isFresh && this.known(name) !== undefined;
    };
    while (!keyspaces.every(isLoaded)) {
      this.#options.assertConnected();
      for (const keyspace of keyspaces) this.#wanted.add(keyspace);
      this.#round ??= this.#run();
      await abortable(this.#round, signal);
    }
  }

  get clockOffsetMs(): number | undefined {
    return this.#options.clockOffset.offsetMs;
  }

  get sureClockOffsetMs(): number | undefined {
    return this.#options.clockOffset.sureMs;
  }

  get mostClockOffsetMs(): number | undefined {
    return this.#options.clockOffset.mostMs;
  }

  truncatedAtMs(tableId: string): number | undefined {
    let latest: number | undefined;
    for (const times of this.#truncatedAtMs.values()) {
      const atMs = times.get(tableId);
      if (atMs !== undefined && (latest === undefined || atMs > latest)) latest = atMs;
    }
    return latest;
  }

  shortestGrace(signal?: AbortSignal): Promise<TableGrace | undefined> {
    signal?.throwIfAborted();
    return abortable(this.#options.reader.shortestGrace(), signal);
  }

  /** A server has said that something in a keyspace has changed. */
  changed(keyspace: string): void {
    this.#changed.add(keyspace);
    const known = this.#keyspaces.get(keyspace);
    if (known === undefined) return;
    // In a burst of changes the keyspace is read once per pause, and not once per change.
    const nowMs = this.#options.clock.monotonicMs();
    known.staleAtMs = Math.min(known.staleAtMs, Math.max(nowMs, known.readAtMs + PAUSE_MS));
  }

  /** There is a new session, or a new connection for events: whatever was said in between is lost. */
  reconnected(): void {
    this.#isInDoubt = true;
    this.#doubts++;
    this.#lookedAtMs = Number.NEGATIVE_INFINITY;
    this.#failedAtMs = Number.NEGATIVE_INFINITY;
  }

  /** Leaves no timer. */
  close(): void {
    this.#closing.abort();
  }

  async #run(): Promise<void> {
    const { clock } = this.#options;
    try {
      const pauseMs = this.#failedAtMs + PAUSE_MS - clock.monotonicMs();
      if (pauseMs > 0) await wait(clock, pauseMs, this.#closing.signal);
      await this.#bringUpToDate();
    } catch (error) {
      this.#failedAtMs = clock.monotonicMs();
      throw error;
    } finally {
      this.#wanted.clear();
      this.#round = undefined;
    }
  }

  async #bringUpToDate(): Promise<void> {
    const { reader, clock, unsettled } = this.#options;
    for (let reads = 0; reads < MAX_READS; reads++) {
      if (reads > 0) await wait(clock, READ_PAUSE_MS, this.#closing.signal);
      const doubts = this.#doubts;
      this.#changed.clear();
      const number = ++this.#looks;
      const sinceMs = clock.monotonicMs();
      const { version, host } = await this.#ask();
      const missing = this.#missing(version);
      const read = missing.length === 0 ? [] : await reader.read(missing, host);
      const isSettled = read.length === 0 || (await this.#look(host)).version === version;
      if (!isSettled || doubts !== this.#doubts) continue;
      this.#accept(version, read, sinceMs);
      this.#lookedAtMs = sinceMs;
      this.#lookedIn = number;
      return;
    }
    throw unsettled();
  }

  /** Of two nodes that disagree the one counts that tells of changes, if it answers. */
  async #ask(): Promise<Look> {
    const teller = this.#options.teller();
    if (!this.#isInDoubt || teller === undefined) {
      const look = await this.#look();
      if (teller === undefined || look.host === teller || this.#missing(look.version).length === 0)
        return look;
    }
    return this.#look(teller).catch(() => this.#look());
  }

  /** @param host @default the node whose turn it is */
  async #look(host?: string): Promise<Look> {
    const { reader, clock, clockOffset, answeredBy } = this.#options;
    const sentAtMs = clock.wallMs();
    const sinceMs = clock.monotonicMs();
    const look = await reader.look(host);
    if (look.hostId !== undefined) answeredBy(look.hostId);
    const roundTripMs = clock.monotonicMs() - sinceMs;
    const { serverMs = sentAtMs + roundTripMs } = look;
    if (look.serverMs !== undefined) clockOffset.heard(serverMs, sentAtMs, roundTripMs);
    // So much its clock is ahead at least: the answer may have left it at once.
    const aheadMs = serverMs - (sentAtMs + roundTripMs);
    const truncations = [...look.truncatedAtMs].map(([id, atMs]) => [id, atMs - aheadMs] as const);
    this.#truncatedAtMs.set(look.host, new Map(truncations));
    return look;
  }

  /** What is wanted, or in use, and not known as of that version. */
  #missing(version: string): string[] {
    const nowMs = this.#options.clock.monotonicMs();
    const names = new Set(this.#wanted);
    const isAnother = version !== this.#version;
    for (const [name, { usedAtMs }] of this.#keyspaces) {
      if (isAnother && nowMs - usedAtMs < MAX_AGE_MS) names.add(name);
    }
    const isToBeRead = (name: string) => this.#keyspaces.get(name)?.staleAtMs !== Number.POSITIVE_INFINITY;
    return [...names].filter((name) => isAnother || isToBeRead(name));
  }

  #accept(version: string, read: readonly KeyspaceSchema[], sinceMs: number): void {
    const before = new Map(this.#keyspaces);
    if (version !== this.#version) this.#keyspaces.clear();
    this.#version = version;
    this.#isInDoubt = false;
    for (const schema of read) {
      this.#keyspaces.set(schema.name, {
        schema,
        readAtMs: sinceMs,
        staleAtMs: this.#changed.has(schema.name) ? sinceMs + PAUSE_MS : Number.POSITIVE_INFINITY,
        usedAtMs: before.get(schema.name)?.usedAtMs ?? sinceMs,
      });
    }
  }
}
