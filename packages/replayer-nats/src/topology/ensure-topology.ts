import { Backoff, type Clock, EventHub, helixError, isHelixError, type Logger } from "@helix/core";
import { wait } from "@helix/core/queue-kit";
import type { JetStreamManager } from "@nats-io/jetstream";
import { Admin, refusalOf } from "../connection/admin.ts";
import { Link } from "../connection/link.ts";
import { closed } from "../enqueuer.ts";
import type { TopologyDifference } from "../errors.ts";
import { type EnsureTopologyOptions, readTopologyOptions, type TopologySettings } from "../options.ts";
import { type Actual, lookedAt, told } from "./differences.ts";
import { type Names, namesOf } from "./names.ts";
import { noRoom, undo } from "./no-room.ts";
import {
  differencesOf,
  isAsBefore,
  isGoMade,
  isLowering,
  type Wanted,
  type WantedStream,
  wantedTopology,
} from "./topology.ts";

const TAKES_MORE =
  'the stream takes more subjects than those of its lanes; when all pods are of this version, `provision: "update"` narrows it';
const NO_TRASH =
  "the queue was made by an older version and has no trash: nothing can be discarded before `ensureTopology` of this version has made it";
const TRIES = 8;
const BACKOFF = new Backoff({ initialMs: 200, maxMs: 2000 });

/** What was found and done. */
export interface TopologyReport {
  readonly created: readonly string[];
  readonly updated: readonly string[];
}

/**
 * Makes what a queue needs on the server, or checks it: the lane stream, its four consumers, the dead letters' stream
 * and the bucket of records. For a deployment job, or for whoever may; the queue does the same when it connects.
 * Several at once settle.
 *
 * Rejects with HELIX_TOPOLOGY_DRIFT naming each field that differs with both values, HELIX_TOPOLOGY_MISSING,
 * HELIX_TOPOLOGY_NO_ROOM, HELIX_QUEUE_UNAVAILABLE, HELIX_QUEUE_UNAUTHORIZED. Where a stream is refused, those that were made for
 * it are deleted again, if they may be: without lanes nobody uses them.
 *
 * @throws TypeError, RangeError for an option.
 */
export async function ensureTopology(options: EnsureTopologyOptions): Promise<TopologyReport> {
  const settings = readTopologyOptions(options);
  const link = await Link.open(settings, new EventHub());
  try {
    return await provision(new Admin(link), namesOf(settings), settings, settings);
  } finally {
    await link.close();
  }
}

interface Surroundings {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Nothing more is looked at or made after its abort; rejects with HELIX_QUEUE_CLOSED then. */
  readonly signal?: AbortSignal | undefined;
}

/** As {@link ensureTopology}, on a connection that is there. */
export async function provision(
  admin: Admin,
  names: Names,
  settings: TopologySettings,
  { clock, logger, signal }: Surroundings,
): Promise<TopologyReport> {
  const patiently = <T>(run: () => Promise<T>) => repeated(run, clock, signal);
  const created: string[] = [];
  const updated: string[] = [];
  const missing: string[] = [];
  const differences: TopologyDifference[] = [];
  let goMade = false;
  let lowering = false;
  // A stream that was made without a connection in view would be without its lock, and refused by each pod from then on.
  const all = await patiently(async () => wantedTopology(names, settings, admin.serverVersion));
  const made: string[] = [];
  for (const wanted of all) {
    const name = `${wanted.kind} ${wanted.name}`;
    // Its consumers cannot be looked at.
    if (wanted.kind === "consumer" && missing.includes(`stream ${wanted.stream}`)) continue;
    const actual = await patiently(() => settle(admin, wanted, settings)).catch(async (error: unknown) => {
      // All or nothing, where the server has said no: after a timeout it may be there.
      if (wanted.kind !== "stream" || refusalOf(error) === undefined || isTransient(error)) throw error;
      const failure =
        refusalOf(error) === "full" ? await noRoom(admin, wanted, all, error) : named(wanted, error);
      await undo(admin, names, made, logger);
      throw failure;
    });
    if (actual === "created" && wanted.kind === "stream") made.push(wanted.name);
    if (actual === undefined && wanted.kind === "stream" && wanted.mayBeAbsent) {
      logger.warn({ stream: wanted.name }, NO_TRASH);
    } else if (actual === undefined) missing.push(name);
    else if (actual === "created") created.push(name);
    else {
      const differing = differencesOf(wanted, actual.config);
      // Narrowed by order alone: a pod of the version before refuses to start on a narrowed stream.
      const found = differing.filter((one) => settings.provision === "update" || !isAsBefore(wanted, one));
      if (found.length < differing.length) logger.warn({ stream: wanted.name }, TAKES_MORE);
      goMade ||= isGoMade(actual.config);
      if (found.length === 0) continue;
      const deleting = actual.messages > 0 ? found.filter(isLowering) : [];
      lowering ||= deleting.length > 0;
      if (settings.provision === "update" && !goMade && deleting.length === 0) {
        await patiently(() => admin.request((api) => update(api, wanted)));
        updated.push(name);
      } else {
        differences.push(...found);
      }
    }
  }
  if (missing.length > 0) {
    const text = `Missing on the server: ${missing.join(", ")}`;
    throw helixError("HELIX_TOPOLOGY_MISSING", text, { missing });
  }
  if (differences.length > 0)
    throw drift(differences, { goMade, lowering: lowering && settings.provision === "update" });
  if (created.length + updated.length > 0) logger.info({ created, updated }, "made what the queue needs");
  return { created, updated };
}

/** A server says what is wrong, as that subjects overlap with another stream's, and not of what. */
function named({ name, config: { subjects = [] } }: WantedStream, cause: unknown): unknown {
  if (!isHelixError(cause, "HELIX_QUEUE_REFUSED")) return cause;
  const { errorCode, stored, message } = cause;
  const text = `The server refuses the stream ${name}, of the subjects ${subjects.join(", ")}: ${message}`;
  return helixError("HELIX_QUEUE_REFUSED", text, { errorCode, stored }, { cause });
}

/** What is there, after making it if it was missing and may be made. */
async function settle(
  admin: Admin,
  wanted: Wanted,
  settings: TopologySettings,
): Promise<Actual | "created" | undefined> {
  const look = () => admin.find((api) => lookedAt(api, wanted));
  const found = await look();
  if (found !== undefined || settings.provision === "none") return found;
  try {
    await admin.request((api) => create(api, wanted));
    return "created";
  } catch (error) {
    if (refusalOf(error) === "exists") return look();
    throw error;
  }
}

async function create(api: JetStreamManager, wanted: Wanted): Promise<void> {
  if (wanted.kind === "stream") await api.streams.add(wanted.config);
  else await api.consumers.add(wanted.stream, wanted.config);
}

async function update(api: JetStreamManager, wanted: Wanted): Promise<void> {
  if (wanted.kind === "stream") await api.streams.update(wanted.name, wanted.config);
  else await api.consumers.update(wanted.stream, wanted.name, wanted.config);
}

/** Again while nobody leads, for as long as an election may take. */
async function repeated<T>(run: () => Promise<T>, clock: Clock, signal?: AbortSignal): Promise<T> {
  for (let tries = 1; ; tries++) {
    if (signal?.aborted) throw closed();
    try {
      return await run();
    } catch (error) {
      if (tries === TRIES || !isTransient(error)) throw error;
      await wait(clock, BACKOFF.delayMs(tries), signal);
    }
  }
}

function isTransient(error: unknown): boolean {
  if (isHelixError(error, "HELIX_QUEUE_UNAVAILABLE") || isHelixError(error, "HELIX_QUEUE_TIMEOUT"))
    return true;
  return refusalOf(error) === "busy";
}

function drift(
  differences: readonly TopologyDifference[],
  { goMade, lowering }: { goMade: boolean; lowering: boolean },
): Error {
  const list = differences.map(told);
  const hint = goMade
    ? "\nThe stream was made by the Go library. Use another `streamName` and `subjectPrefix`, and drain this one once with `adoptGoStream`."
    : lowering
      ? "\nA limit is not lowered while the stream holds messages: the server would delete what is beyond it."
      : "";
  // The way out first: logs cut what is long.
  return helixError(
    "HELIX_TOPOLOGY_DRIFT",
    `The server is not set up as the options say.${hint}\n- ${list.join("\n- ")}`,
    { differences },
  );
}
