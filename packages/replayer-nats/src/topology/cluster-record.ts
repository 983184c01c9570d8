import {
  type AcceptedClusters,
  CLUSTERS,
  type ClusterId,
  type ClusterIdentities,
  type ClusterIdentity,
  helixError,
  isHelixError,
  type KnownClusters,
  type Logger,
} from "@helix/core";
import { claimed } from "@helix/core/queue-kit";
import { type Admin, refusalOf } from "../connection/admin.ts";
import { parsed } from "../connection/parsed.ts";
import { refusalOfPublish } from "../connection/publish-refusal.ts";
import { headerBlock, type Publisher, PublishFailure } from "../connection/publisher.ts";
import type { StoredMessage } from "../connection/stored-message.ts";
import { clusterSubject, type Names } from "./names.ts";

/** Each is lost to somebody else, who has recorded something meanwhile. */
const TRIES = 20;
const ENCODER = new TextEncoder();

export interface ClusterRecordOptions {
  readonly admin: Admin;
  readonly names: Names;
  readonly logger: Logger;
  /** Who records; without it, what is there is compared only. */
  readonly writer?: { readonly publisher: Publisher; readonly accepted: AcceptedClusters } | undefined;
  /** Told where there is nothing that a record could be in. */
  readonly onMissing?: (() => void) | undefined;
}

/**
 * Which cluster is A and which is B, in one record beside the stream that has no age: the first worker writes it, and each
 * later one adds the nodes that it finds. Of several at once one is first, and the others compare themselves with it. Who has
 * seen it puts it back where it is gone, so that none that comes later is first again.
 */
export class ClusterRecord implements ClusterIdentities {
  readonly #options: ClusterRecordOptions;
  #isForbidden = false;
  /** As it was last. */
  #seen: KnownClusters | undefined;

  constructor(options: ClusterRecordOptions) {
    this.#options = options;
  }

  async claim(cluster: ClusterId, found: ClusterIdentity): Promise<"same" | "unknown"> {
    const { writer, logger } = this.#options;
    for (let tries = 1; ; tries++) {
      const stored = await this.#read();
      if (stored === "nothing") return "unknown";
      const known = stored === undefined ? {} : knownIn(stored.data);
      // What is no record, only an order replaces.
      if (known === undefined && writer?.accepted[cluster] === undefined) throw unreadable();
      if (stored !== undefined) this.#seen = known ?? this.#seen;
      const before = stored === undefined ? (this.#seen ?? {}) : (known ?? {});
      const next = claimed(before, cluster, found, writer?.accepted);
      if (next === known) return "same";
      if (writer === undefined) return known?.[cluster] === undefined ? "unknown" : "same";
      try {
        await this.#write(writer.publisher, next, stored?.seq ?? 0);
      } catch (error) {
        const isLost = error instanceof PublishFailure && error.meaning === "conflict";
        if (!isLost || tries === TRIES) throw error;
        continue;
      }
      this.#seen = next;
      const { name, hosts } = found;
      logger.info({ cluster, name, hosts: hosts.length }, "recorded which cluster this is");
      return "same";
    }
  }

  /** Writes what this process has seen there last, if nothing is there any more. Rejects where it cannot be said now, or not be written. */
  async putBack(): Promise<void> {
    const { writer, logger } = this.#options;
    const seen = this.#seen;
    if (writer === undefined || seen === undefined || (await this.#read()) !== undefined) return;
    try {
      await this.#write(writer.publisher, seen, 0);
    } catch (error) {
      if (!(error instanceof PublishFailure)) throw error;
      // Somebody else was faster.
      if (error.meaning === "conflict") return;
      const what = "The record of which cluster is A and which is B was not put back";
      throw refusalOfPublish(what, error, writer.publisher.timeoutMs);
    }
    logger.warn({}, "the record of which cluster is A and which is B was gone: it is put back");
  }

  /** `nothing`: there is no record to compare with, or no right to read it. */
  async #read(): Promise<StoredMessage | undefined | "nothing"> {
    const { admin, names, writer, logger } = this.#options;
    if (this.#isForbidden) return "nothing";
    try {
      return await admin.message(names.clusterStream, { last_by_subj: clusterSubject(names) });
    } catch (error) {
      const isMissing = refusalOf(error) === "missing";
      if (isMissing) this.#options.onMissing?.();
      if (writer !== undefined) throw error;
      if (isMissing) return "nothing";
      if (!isHelixError(error, "HELIX_QUEUE_UNAUTHORIZED")) throw error;
      if (!this.#isForbidden)
        logger.warn(
          { err: error },
          "no right to read which clusters the queue is for: they are not compared",
        );
      this.#isForbidden = true;
      return "nothing";
    }
  }

  async #write(publisher: Publisher, known: KnownClusters, lastSeq: number): Promise<void> {
    const header = headerBlock({ "Nats-Expected-Last-Subject-Sequence": String(lastSeq) });
    await publisher.publish(
      clusterSubject(this.#options.names),
      header,
      ENCODER.encode(JSON.stringify(known)),
    );
  }
}

/** Of `A={host id}` the letter and the id. */
export function acceptedIn(items: readonly string[] = []): AcceptedClusters {
  return Object.fromEntries(items.map((item) => [item.slice(0, 1), item.slice(2)]));
}

/** Undefined for bytes that are no record. */
export function knownIn(bytes: Uint8Array): KnownClusters | undefined {
  const record = parsed(bytes);
  if (record === undefined || Array.isArray(record)) return undefined;
  const known: Partial<Record<ClusterId, ClusterIdentity>> = {};
  for (const cluster of CLUSTERS) {
    if (record[cluster] === undefined) continue;
    const identity = identityIn(record[cluster]);
    if (identity === undefined) return undefined;
    known[cluster] = identity;
  }
  return known;
}

function identityIn(value: unknown): ClusterIdentity | undefined {
  const { name, dataCenters, hosts } = Object(value) as Readonly<Record<string, unknown>>;
  if (name !== undefined && !isText(name)) return undefined;
  if (!isTexts(dataCenters) || !isTexts(hosts) || hosts.length === 0) return undefined;
  return { name, dataCenters, hosts };
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every(isText);
}

/** Longer ones are not ours, and would be whole log lines. */
function isText(value: unknown): value is string {
  return typeof value === "string" && value.length <= 256;
}

function unreadable(): Error {
  const text =
    "The record of which cluster is A and which is B cannot be read: nothing is replayed to a cluster that it is not known to be. " +
    "`acceptClusters` writes it anew";
  return helixError("HELIX_QUEUE_UNAVAILABLE", text, { stored: "no" });
}
