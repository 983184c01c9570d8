import { startCqlTap } from "@helix/testkit";
import { startNatsServer } from "@helix/testkit/nats";
import { ApplicationProcess } from "./application-process.ts";
import { countDoubles, doublesFigure } from "./executions.ts";
import { ProgressMeter, progressLine } from "./progress.ts";
import { lookYourself, openQueueView } from "./queue-view.ts";
import {
  compareClusters,
  durationMs,
  keepRunning,
  OUTAGE_BEGINS_AT,
  playOutage,
  type Stage,
} from "./stage.ts";
import { callFigures, comparisonFigures, count, none, pronounce, replayFigures, seconds } from "./verdict.ts";
import { countWrites } from "./writer.ts";

/** What the death of the application came to. */
interface Crash {
  /** Calls that had not returned; each was repeated. */
  cut: number;
  /** Until a call of its next life returned. */
  recoveryMs: number | undefined;
}

/**
 * Pattern 2: an application with client and worker, and a queue on NATS that outlives it. Resolves with whether the
 * promises held.
 */
export async function playNats(stage: Stage): Promise<boolean> {
  const { options, pair, outage, screen, signal } = stage;
  await using nats = await startNatsServer({
    killable: true,
    signal,
    onProgress: (line) => screen.say(line),
  });
  screen.say(nats.description);
  for (const command of lookYourself(nats.url)) screen.print(`          ${command}`);
  await using tap = await startCqlTap({ target: outage.address });
  const total = countWrites(options.rows);
  await using application = await ApplicationProcess.start(
    {
      replays: true,
      clusters: {
        A: { contactPoint: pair.A.contactPoint, localDataCenter: pair.A.localDataCenter },
        B: { contactPoint: tap.contactPoint, localDataCenter: pair.B.localDataCenter },
      },
      natsUrl: nats.url,
      rows: options.rows,
      intervalMs: durationMs(options) / total,
    },
    (text) => screen.say(text),
  );
  const { account } = application;
  const { tally } = account;
  const crash: Crash = { cut: 0, recoveryMs: undefined };
  let crashedAt: number | undefined;
  let acceptedAtCrash = 0;
  const killApplication = async () => {
    crash.cut = await application.killInACall();
    acceptedAtCrash = tally.accepted;
    crashedAt = performance.now();
    screen.say(`the application is killed (SIGKILL), ${crash.cut} calls had not returned`);
    application.resume();
    screen.say("the application is started again with --resume");
  };

  let over: Promise<void> | undefined;
  const problem = new AbortController();
  const both = AbortSignal.any([signal, problem.signal]);
  const meter = new ProgressMeter(total);
  await application.untilFinished(both, () => {
    const progress = meter.update(account.begun);
    if (progress !== undefined) screen.status(progressLine(progress, tally, tally.queued - tally.replayed));
    if (account.begun >= total * OUTAGE_BEGINS_AT) {
      over ??= playOutage(stage, both, killApplication).catch((error) => problem.abort(error));
    }
    if (crashedAt !== undefined && tally.accepted > acceptedAtCrash) {
      crash.recoveryMs ??= performance.now() - crashedAt;
    }
  });
  await over;
  both.throwIfAborted();

  await using view = await openQueueView(nats.url);
  const queue = await view.look();
  const comparison = await compareClusters(stage, account.ledger);
  const lost = [...account.queued.keys()].filter((id) => !account.applied.has(id)).length;
  const doubles = countDoubles([{ cluster: "B", tap }], account.timestamps);
  const figures = [
    ...callFigures(tally),
    count("calls cut by kill -9, repeated by --resume", crash.cut),
    none("calls that never returned", account.open),
    seconds("application killed, and serving again after", crash.recoveryMs),
    ...replayFigures(tally, crash.cut + account.repeats),
    none("queued, but never replayed", lost),
    count("messages that NATS has stored", queue.stored),
    none("messages left in the queue", queue.left),
    none("dead letters on NATS", queue.deadLetters),
    doublesFigure("executed by B more than once (harmless)", doubles),
    ...comparisonFigures(comparison),
  ];
  const isGood = pronounce(screen, figures, tally, comparison);
  await keepRunning(stage, ["And NATS:", ...lookYourself(nats.url)]);
  return isGood;
}
