import { setTimeout as sleep } from "node:timers/promises";
import { HelixClient } from "@helix/client";
import { CLUSTERS, isHelixError, nextTimestampMicros } from "@helix/core";
import { connectNatsEnqueuer, connectNatsReplayer, type NatsReplayer } from "@helix/replayer-nats";
import { waitFor } from "@helix/testkit";
import { ReplayWorker } from "@helix/worker";
import { announceClient, announceWorker } from "../announce.ts";
import { DRAIN_TIMEOUT_MS } from "../stage.ts";
import type { Write } from "../workload.ts";
import { makeCalls, pendingOf, send, writesOf } from "../writer.ts";
import { ACK_WAIT_MS, type ApplicationOptions, MAX_BYTES } from "./application-options.ts";
import { BookReader, CallBook, type Unfinished, unfinishedOf } from "./call-book.ts";

/*
 * The application of patterns 2 and 3 as a program of its own, so that it can be killed:
 *
 *   node application/main.ts OPTIONS [--resume]
 *
 * With --resume it repeats the calls that its book says have not returned, then goes on behind the last one.
 */

/** How long a caller goes on repeating a write that one cluster has and the queue did not take. */
const REPEAT_FOR_MS = 30_000;
const REPEAT_DELAY_MS = 50;

interface Call {
  readonly number: number;
  readonly write: Write;
  /** Of a call that was begun before: the same timestamp makes it the same write. */
  readonly timestampMicros?: bigint | undefined;
}

const [options = "", flag] = process.argv.slice(2);
await run(JSON.parse(options) as ApplicationOptions, flag === "--resume");

async function run(options: ApplicationOptions, resumes: boolean): Promise<void> {
  const unfinished: Unfinished = resumes
    ? unfinishedOf(new BookReader(options.book).read())
    : { open: new Map(), next: 0 };
  const book = new CallBook(options.book);
  const { A, B } = options.clusters;
  const connect = { servers: options.natsUrl, name: "helix-demo-application" };
  const replayer = options.replays
    ? await connectNatsReplayer({ connect, ackWaitMs: ACK_WAIT_MS, maxBytes: MAX_BYTES })
    : await connectNatsEnqueuer({ connect });
  const client = new HelixClient({
    clusters: {
      A: { contactPoints: [A.contactPoint], localDataCenter: A.localDataCenter },
      B: { contactPoints: [B.contactPoint], localDataCenter: B.localDataCenter },
    },
    replayer,
  });
  const say = (text: string) => book.write({ what: "said", text });
  announceClient(client, say);
  if (options.replays) await client.attachWorker(embeddedWorker(replayer as NatsReplayer, client, book, say));
  // After a crash one cluster must do: the other may be the reason for all of this.
  await client.connect({ waitFor: resumes ? "any" : "all" });

  const { rows, intervalMs } = options;
  await makeCalls(callsOf(rows, unfinished), (call) => make(call, client, book), { intervalMs });
  if (options.replays) await untilEmpty(replayer as NatsReplayer);
  await client.close();
  await replayer.close();
  book.write({ what: "finished" });
  book.close();
}

function embeddedWorker(
  queue: NatsReplayer,
  client: HelixClient,
  book: CallBook,
  say: (text: string) => void,
): ReplayWorker {
  const worker = new ReplayWorker({
    queue,
    executor: client.replayExecutor(),
    onSuccess: ({ payload: { id, writtenAtMs } }) =>
      book.write({ what: "applied", id, lagMs: Date.now() - writtenAtMs }),
    onDrop: () => book.write({ what: "dropped" }),
  });
  announceWorker(worker, say);
  return worker;
}

function* callsOf(rows: number, { open, next }: Unfinished): Generator<Call> {
  let number = 0;
  for (const write of writesOf(rows)) {
    const timestampMicros = open.get(number);
    if (timestampMicros !== undefined || number >= next) yield { number, write, timestampMicros };
    number++;
  }
}

async function make({ number, write, timestampMicros }: Call, client: HelixClient, book: CallBook) {
  const timestamp = timestampMicros ?? nextTimestampMicros();
  if (timestampMicros === undefined) {
    book.write({ what: "begun", call: number, timestampMicros: String(timestamp) });
  }
  const startedAt = performance.now();
  try {
    const { result, repeats } = await sendUntilSafe(client, write, timestamp, startedAt);
    const queuedFor = CLUSTERS.find((cluster) => result.writes[cluster] === "queued");
    const { replayId } = result;
    book.write({
      what: "returned",
      call: number,
      ms: Math.round(performance.now() - startedAt),
      ...(queuedFor !== undefined && { queuedFor }),
      ...(replayId !== undefined && { replayId }),
      repeats,
    });
  } catch (error) {
    const pending = pendingOf(error);
    book.write({
      what: "failed",
      call: number,
      error: String(error),
      ...(pending !== undefined && { queued: pending.queued }),
    });
  }
}

/** A write that the queue did not take is repeated with the same timestamp, as the client's errors advise. */
async function sendUntilSafe(client: HelixClient, write: Write, timestamp: bigint, startedAt: number) {
  for (let repeats = 0; ; repeats++) {
    try {
      return { result: await send(client, write, timestamp), repeats };
    } catch (error) {
      const isOver = performance.now() - startedAt > REPEAT_FOR_MS;
      if (!isHelixError(error, "HELIX_REPLAY_NOT_QUEUED") || isOver) throw error;
    }
    await sleep(REPEAT_DELAY_MS);
  }
}

async function untilEmpty(replayer: NatsReplayer): Promise<void> {
  const isEmpty = async () =>
    (await replayer.depths()).every(
      ({ pending, inFlight, delayed, stuck }) => pending + inFlight + delayed + stuck === 0,
    );
  await waitFor(isEmpty, { timeoutMs: DRAIN_TIMEOUT_MS, intervalMs: 100, describe: "the queue is empty" });
}
