import type { ClusterId } from "@helix/core";
import { type TappedExecution, waitFor } from "@helix/testkit";
import { startNatsServer } from "@helix/testkit/nats";
import { Account } from "./account.ts";
import { ApplicationProcess } from "./application-process.ts";
import { Crashes } from "./crashes.ts";
import { countDoubles, doublesFigure } from "./executions.ts";
import { ALL_PARTS, Pod } from "./pod.ts";
import { type Progress, progressLine } from "./progress.ts";
import { lookYourself, openQueueView, type QueueFigures, type QueueView } from "./queue-view.ts";
import { ReplayWatch } from "./replay-watch.ts";
import { compareClusters, DRAIN_TIMEOUT_MS, durationMs, keepRunning, type Stage } from "./stage.ts";
import { throughOutage } from "./through-outage.ts";
import {
  callFigures,
  comparisonFigures,
  count,
  type Figure,
  none,
  pronounce,
  replayFigures,
  seconds,
} from "./verdict.ts";
import { countWrites } from "./writer.ts";

/**
 * Pattern 3: an application that only enqueues, and two pods that only replay. Resolves with whether the promises held.
 */
export async function playService(stage: Stage): Promise<boolean> {
  const { options, pair, outage, screen, signal } = stage;
  const onProgress = (line: string) => screen.say(line);
  await using nats = await startNatsServer({ killable: true, signal, onProgress });
  screen.say(nats.description);
  const commands = lookYourself(nats.url);
  for (const command of commands) screen.print(`          ${command}`);
  // Now, since NATS may be away by the time that it is needed.
  await using view = await openQueueView(nats.url);
  const account = new Account(options.rows);
  const { tally } = account;
  const watch = new ReplayWatch(account, 2);
  const clusters = { A: pair.A, B: outage.address };
  const line = (progress: Progress) =>
    progressLine(progress, tally, { oldestMs: watch.oldestMs, pods: watch.shares });
  let crashes: Crashes | undefined;
  const startPod = (index: number) => {
    const onApplied = (cluster: ClusterId, execution: TappedExecution) => {
      if (watch.applied(index, cluster, execution) === 1) screen.say(`pod ${index + 1} replays`);
      crashes?.onReplay(index);
    };
    return Pod.start({ name: `helix-demo-pod-${index + 1}`, natsUrl: nats.url, clusters, onApplied });
  };
  screen.say("starting two pods of the replay service …");
  await using first = await startPod(0);
  await using second = await startPod(1);
  const pods = [first, second] as const;
  await Promise.all(pods.map((pod) => pod.untilUp(ALL_PARTS, signal)));
  screen.say("both pods are ready");
  for (const line of addressesOf(pods)) screen.print(`          ${line}`);
  await using ending = new Crashes({ pods, nats, tally, screen, signal });
  crashes = ending;

  const total = countWrites(options.rows);
  await using application = await ApplicationProcess.start(
    {
      replays: false,
      clusters,
      natsUrl: nats.url,
      rows: options.rows,
      intervalMs: durationMs(options) / total,
    },
    account,
    onProgress,
  );
  const backAt = await throughOutage(stage, {
    application,
    total,
    line,
    // By now something is queued, and nothing is replayed before cluster B is back.
    inTheMiddle: async () => crashes.arm(),
  });
  const queue = await drain(stage, view, () => line({ share: 1, perSecond: 0 }));
  const emptyAfterMs = backAt && performance.now() - backAt;
  await crashes.over();
  tally.deadLettered = queue.deadLetters;

  const comparison = await compareClusters(stage, account.ledger);
  const doubles = countDoubles(
    pods.flatMap((pod) => pod.taps),
    account.timestamps,
  );
  const figures: Figure[] = [
    ...callFigures(tally),
    count("calls made again while NATS was away", account.repeats),
    none("calls that never returned", account.open),
    ...replayFigures(tally, account.repeats),
    ...watch.shares.map((share, index) => shareFigure(index, share, tally.replayed)),
    none("queued, but never replayed", watch.lost),
    count("messages that NATS has stored", queue.stored),
    none("messages left in the queue", queue.left),
    doublesFigure("replayed more than once (harmless)", doubles),
    seconds("one pod killed, at work again after", crashes.podRecoveryMs),
    seconds("NATS killed, other pod at work after", crashes.natsRecoveryMs),
    seconds("cluster B back, queue empty after", emptyAfterMs),
    ...comparisonFigures(comparison),
  ];
  for (const [index, pod] of pods.entries()) {
    for (const line of await pod.outages()) screen.say(`pod ${index + 1} has logged: ${line}`);
  }
  const isGood = pronounce(screen, figures, tally, comparison);
  await keepRunning(stage, [...commands, ...addressesOf(pods)]);
  return isGood;
}

function addressesOf(pods: readonly Pod[]): string[] {
  return pods.flatMap(({ address, page }, index) => [`pod ${index + 1}: ${address}`, page]);
}

function shareFigure(index: number, share: number, all: number): Figure {
  const { name, value } = count(`replayed by pod ${index + 1}`, share);
  return { name, value: all === 0 ? value : `${value} (${((share / all) * 100).toFixed(0)} %)` };
}

/** Waits until the queue is empty, or has had its time. */
async function drain({ screen, signal }: Stage, view: QueueView, line: () => string): Promise<QueueFigures> {
  const isEmpty = async () => {
    screen.status(line());
    return (await view.look()).left === 0;
  };
  const options = { timeoutMs: DRAIN_TIMEOUT_MS, intervalMs: 100, describe: "the queue is empty", signal };
  await waitFor(isEmpty, options).catch((error: unknown) => {
    signal.throwIfAborted();
    screen.say(error instanceof Error ? error.message : String(error));
  });
  return view.look();
}
