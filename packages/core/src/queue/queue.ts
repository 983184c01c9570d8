import type { Lane } from "../cluster.ts";
import type { ClusterIdentities } from "../cluster-identity.ts";
import type { ReplayPayload } from "../payload/payload.ts";
import type { DeadLetterCause, DeadLetterStore, MessageContent } from "./dead-letters.ts";
import type { Examination } from "./examination.ts";

/** All that an application needs of a queue. */
export interface Replayer extends AsyncDisposable {
  /**
   * Resolves once the payload is as safe as this queue makes it; never earlier. A snapshot is taken:
   * changing an array or a Buffer of it afterwards changes nothing.
   *
   * Rejects with HELIX_QUEUE_FULL, HELIX_QUEUE_CLOSED, HELIX_PAYLOAD_INVALID, or an adapter's own code.
   */
  enqueue(payload: ReplayPayload, options?: { signal?: AbortSignal | undefined }): Promise<void>;
  /** Where several processes share the queue: which clusters its lanes are for. @default nobody compares them */
  readonly identities?: ClusterIdentities | undefined;
  /** Refuses new work from now on and releases what the queue holds open. Twice is safe. */
  close(): Promise<void>;
}

export interface SchedulingOptions {
  /** High per low message of a cluster while both wait, 0 to 1 000 000; 0 means 1:1. @default the worker's */
  readonly highPriorityRatio?: number | undefined;
  /** No low message starts while a high one of its cluster waits. @default the worker's */
  readonly strictPriority?: boolean | undefined;
}

export interface QueueTraits {
  /** How long a message may be held before somebody else gets it too. Milliseconds; none: for ever. */
  readonly leaseMs?: number | undefined;
  /** The most that may be demanded of a lane at once. */
  readonly maxDemand: number;
  /** How old a message may become; then it is a dead letter, `expired`. Milliseconds; none: any age. */
  readonly retentionMs?: number | undefined;
  /** Defaults for the worker that drains this queue; its own options win. */
  readonly scheduling?: SchedulingOptions | undefined;
}

/** What a worker drains. */
export interface ReplayQueue extends Replayer {
  /**
   * Opens a lane. Nothing is delivered before it is demanded; `onMessage` is called synchronously on
   * arrival, never from inside `demand`. The adapter never holds more unsettled messages than were
   * demanded, and keeps no buffer of its own. One open source per lane, queue object and time.
   *
   * An `onMessage` that throws, or returns a promise that rejects, has not taken its message: unless it is
   * settled already it is handed back, and the lane goes on.
   *
   * @throws TypeError for a lane that does not exist, or is open already: it is until `stop` of its source is called.
   * @throws HelixError HELIX_QUEUE_CLOSED
   */
  open(
    lane: Lane,
    onMessage: (message: ReplayMessage) => void,
    options: { pollIntervalMs: number },
  ): LaneSource;
  readonly traits: QueueTraits;
  depths(): Promise<LaneDepth[]>;
  readonly deadLetters: DeadLetterStore;
  /** How full it is by each of its limits. @default nobody can tell */
  room?(): Promise<readonly QueueRoom[]>;
  /** What somebody has to look after though it works: a sentence that quotes nothing that was bound to a statement; undefined: nothing. @default nobody can tell */
  readonly warning?: string | undefined;
  /** Looks for what can lose or hold up messages where they are kept. Never rejects: what it cannot see is in the answer. @default nobody can tell */
  examine?(): Promise<Examination>;
}

/** How full a queue is by one of its limits. */
export interface QueueRoom {
  readonly of: "lanes" | "dead-letters";
  /** Those that share this limit. */
  readonly lanes: readonly Lane[];
  readonly unit: "messages" | "bytes";
  /** At most `capacity`, but for what is under way. */
  readonly used: number;
  readonly capacity: number;
  /** So many messages there are that use it. */
  readonly messages: number;
}

export interface LaneSource {
  /**
   * From now on, deliver up to so many messages; replaces what is left of an earlier demand, and each
   * delivery uses up one. With 0 nothing more is delivered, and what was under way is handed back.
   *
   * @param maxBytes Nothing more is fetched once so many bytes have been; the last message may exceed it, so that the largest
   * comes too. An adapter that knows the size of a message only when it has it may disregard it. @default any
   * @throws TypeError, RangeError for what is no integer from 0 to `traits.maxDemand`.
   */
  demand(messages: number, maxBytes?: number): void;
  /**
   * What was handed back through this queue object with a delay that is not over, and with this word in `hastenedBy`, is due
   * now, as far as it is remembered: 10,000 of a lane at least. Returns of how many; of those some may have been due just then.
   * @default the queue cannot
   */
  hasten?(word: string): number;
  /** As `demand(0)`, for good. Resolves when what was under way has been handed back. Twice is safe. */
  stop(): Promise<void>;
}

/**
 * A message in a worker's hand. Exactly one of `ack`, `release`, `deadLetter` and `forget` ends it, and frees what the
 * message held of what the lane may hold; after that the settlements reject with HELIX_MESSAGE_SETTLED. A settlement that
 * rejects otherwise has not ended it: the message is still in hand, to be handed back or forgotten.
 */
export interface ReplayMessage {
  readonly lane: Lane;
  readonly content: MessageContent;
  /** How many it has in the queue, by which its share of the memory is counted. @default 0 */
  readonly bytes?: number | undefined;
  /** Counted failures so far, kept by the queue over restarts and pods. */
  readonly attempts: number;
  /** Older than the queue's retention: it is to become a dead letter, unexecuted, with the cause `expired`. */
  readonly expired?: boolean | undefined;
  /**
   * Perhaps its execution kills the process: one that is gone was executing it. It is to be executed while no other
   * suspect is, after {@link mark} has resolved.
   */
  readonly suspect?: boolean | undefined;
  /**
   * Wall clock in milliseconds after which somebody else may get it too; undefined: nobody ever does. The lease begins
   * when the message arrives, and {@link extend} moves it.
   */
  readonly leaseUntilMs?: number | undefined;
  /**
   * Applied: it leaves the queue. Resolves when the queue is known to have it, which many share: on a durable queue that
   * may take 10 ms and a round trip. What the worker tells of a success follows it.
   */
  ack(): Promise<void>;
  /**
   * The same as {@link ack} without a promise for each message, where the queue offers it: calls `done` once, when the queue is
   * known to have it, at once where it has it at once, or with what `ack` rejects with. Throws nothing, and nor must `done`.
   */
  ackThen?(done: (refusal?: unknown) => void): void;
  /**
   * Hands it back, to be delivered again after the delay. The worker counts, the queue remembers:
   * `attempts` replaces the count and is unchanged if absent. Of the `error`s that come with a count the
   * first is kept, for the dead letter, with its `errorText`.
   */
  release(options?: ReleaseOptions): Promise<void>;
  /**
   * Still working on it, or still holding it: the lease starts anew. `leaseUntilMs` moves when the queue is known to have
   * been told, and not at all if it cannot be told.
   */
  extend(): void;
  /**
   * Its lease has lapsed: it is not this worker's any more. Sends nothing, and frees what it held. A queue that lends for
   * ever hands it back, since nobody else would get it. Twice, or after a settlement, it does nothing.
   */
  forget(): void;
  /**
   * Writes down that an execution of this message begins. Present on each message that the queue wants to be told about:
   * the worker awaits it before every execution, and hands the message back unexecuted if it rejects. Any settlement, and
   * `forget`, takes the mark away; one that a process left behind makes the message a suspect.
   */
  readonly mark?: (() => Promise<void>) | undefined;
  /**
   * Takes it out of its lane and keeps it. Resolves when the dead letter is as safe as the queue makes it, and the lane
   * is known to be rid of the message.
   *
   * Rejects with HELIX_DEAD_LETTERS_FULL, or what else the queue has; it is then still in hand, to be released.
   */
  deadLetter(cause: DeadLetterCause): Promise<void>;
}

export interface ReleaseOptions {
  /** Milliseconds, 0 to 2^31 − 1. @default 0 */
  readonly delayMs?: number | undefined;
  /** What `hasten` may find it by, at most 256 characters. @default it waits out its delay */
  readonly hastenedBy?: string | undefined;
  /** @default as it was */
  readonly attempts?: number | undefined;
  /** The failure that raised the count. */
  readonly error?: unknown;
  /** What may be kept of its text outside of the message's body. @default as `DeadLetterCause.errorText` */
  readonly errorText?: string | undefined;
}

export interface LaneDepth {
  readonly lane: Lane;
  /** Ready to be delivered. */
  readonly pending: number;
  /** Delivered and not settled; over NATS also what was handed back, until somebody asks for more of the lane. */
  readonly inFlight: number;
  /** Released with a delay that is not over. */
  readonly delayed: number;
  /** Stored, but owed to nobody: a fault of the queue. Always 0 in memory. */
  readonly stuck: number;
  /** Age of the oldest write in the lane, in milliseconds; undefined if the lane is empty. */
  readonly oldestAgeMs?: number | undefined;
}
