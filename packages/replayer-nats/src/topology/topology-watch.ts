import type { Clock, Logger } from "@helix/core";
import type { Admin } from "../connection/admin.ts";
import type { Link } from "../connection/link.ts";
import { RegularLook } from "../connection/regular-look.ts";
import type { TopologyDifference } from "../errors.ts";
import type { TopologySettings } from "../options.ts";
import { changesOf, isLosing, lookedAt, told } from "./differences.ts";
import type { Names } from "./names.ts";
import { isAsBefore, wantedTopology } from "./topology.ts";

/** How often it is looked, after a random part of it. */
const LOOK_EVERY_MS = 60_000;
/** After a reconnect: servers may come back with other streams. After a look that failed: it may have been an election, which takes as long at the most. */
const LOOK_SOON_MS = 10_000;

export interface TopologyWatchOptions {
  readonly link: Pick<Link, "isUp" | "listen">;
  readonly admin: Admin;
  readonly names: Names;
  readonly settings: TopologySettings;
  /** A stream or consumer is gone. */
  readonly onMissing: () => void;
  /** All are there, though perhaps not those that were. What it rejects with ends the look. */
  readonly onFound: () => Promise<void>;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly random: () => number;
}

/**
 * Looks whether streams and consumers are as they were when the queue became ready: a server that is told to evict, to delete what is old, to
 * pause a lane or to take less tells nobody whom that concerns. It changes nothing: that is for a start.
 *
 * idle → (`start`) looking, while there is a connection → closed.
 */
export class TopologyWatch {
  readonly #options: TopologyWatchOptions;
  readonly #regular: RegularLook;
  #differences: readonly TopologyDifference[] = [];
  /** Why the last two looks or more have failed. */
  #unseen: string | undefined;
  #hasFailed = false;
  #told: string | undefined;
  #isClosed = false;

  constructor(options: TopologyWatchOptions) {
    this.#options = options;
    this.#regular = new RegularLook({
      ...options,
      look: () => this.#lookByItself(),
      everyMs: LOOK_EVERY_MS,
      soonMs: LOOK_SOON_MS,
    });
  }

  /** What is different, or that it cannot be seen, for whoever reads a health report; undefined where nothing is. */
  get warning(): string | undefined {
    if (this.#unseen !== undefined) return `the streams of the queue cannot be looked at: ${this.#unseen}`;
    if (this.#differences.length === 0) return undefined;
    return `the streams of the queue are not as its options say: ${this.#differences.map(told).join("; ")}`;
  }

  /** All is as it should be, and looked after from now on. Twice is safe. */
  start(): void {
    this.#regular.start();
  }

  /** For good. Twice is safe. */
  close(): void {
    this.#isClosed = true;
    this.#regular.close();
  }

  async #lookByItself(): Promise<"soon" | undefined> {
    try {
      await this.look();
      return undefined;
    } catch (error) {
      // Of a connection that is lost others tell.
      if (this.#options.link.isUp && !this.#isClosed) this.#failed(error);
      return "soon";
    }
  }

  /** Rejects with HELIX_QUEUE_UNAVAILABLE, HELIX_QUEUE_TIMEOUT, HELIX_QUEUE_UNAUTHORIZED. */
  async look(): Promise<void> {
    const { admin, names, settings, onMissing, onFound } = this.#options;
    const found: TopologyDifference[] = [];
    let isMissing = false;
    for (const wanted of wantedTopology(names, settings, admin.serverVersion)) {
      const actual = await admin.find((api) => lookedAt(api, wanted));
      if (actual !== undefined) {
        found.push(...changesOf(wanted, actual.config).filter((one) => !isAsBefore(wanted, one)));
      } else if (wanted.kind === "consumer" || wanted.mayBeAbsent !== true || settings.provision !== "none") {
        isMissing = true;
      }
    }
    if (this.#isClosed) return;
    this.#found(found);
    if (isMissing) onMissing();
    else await onFound();
  }

  #found(differences: readonly TopologyDifference[]): void {
    this.#hasFailed = false;
    this.#unseen = undefined;
    this.#differences = differences;
    this.#tell(differences.some(isLosing) ? "error" : "warn", { differences });
  }

  #failed(error: unknown): void {
    if (this.#hasFailed) {
      this.#unseen = error instanceof Error ? error.message : String(error);
      this.#tell("warn", { err: error });
    }
    this.#hasFailed = true;
  }

  /** Each news once. */
  #tell(level: "warn" | "error", fields: object): void {
    const { logger } = this.#options;
    const { warning } = this;
    if (warning === this.#told) return;
    this.#told = warning;
    if (warning === undefined) logger.info({}, "the streams of the queue are as its options say again");
    else logger[level](fields, warning);
  }
}
