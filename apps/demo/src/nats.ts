import { startCqlTap } from "@helix/testkit";
import { startNatsServer } from "@helix/testkit/nats";
import { Account } from "./account.ts";
import { ApplicationProcess } from "./application-process.ts";
import { countDoubles, doublesFigure } from "./executions.ts";
import { progressLine } from "./progress.ts";
import { lookYourself, openQueueView } from "./queue-view.ts";
import { compareClusters, durationMs, keepRunning, type Stage } from "./stage.ts";
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
 * Pattern 2: an application with client and worker, and a queue on NATS that outlives it. Resolves with whether the
 * promises held.
 */
export async function playNats(stage: Stage): Promise<boolean> {
  const { options, pair, outage, screen, signal } = stage;
  const onProgress = (line: string) => screen.say(line);
  await using nats = await startNatsServer({ killable: true, signal, onProgress });
  screen.say(nats.description);
  const commands = lookYourself(nats.url);
  for (const command of commands) screen.print(`          ${command}`);
  await using tap = await startCqlTap({ target: outage.address });
  const total = countWrites(options.rows);
  const account = new Account(options.rows);
  const { tally } = account;
  await using application = await ApplicationProcess.start(
    {
      replays: true,
      clusters: { A: pair.A, B: { contactPoint: tap.contactPoint, localDataCenter: pair.B.localDataCenter } },
      natsUrl: nats.url,
      rows: options.rows,
      intervalMs: durationMs(options) / total,
    },
    account,
    onProgress,
  );
  const crash = new ApplicationCrash(application);
  const backAt = await throughOutage(stage, {
    application,
    total,
    line: (progress) =>
      progressLine(progress, tally, { oldestMs: account.oldestMs((id) => account.applied.has(id)) }),
    inTheMiddle: async () => {
      await crash.kill();
      screen.say(`the application is killed (SIGKILL), ${crash.cut} calls had not returned`);
      application.resume();
      screen.say("the application is started again with --resume");
    },
    onLook: () => crash.look(),
  });
  const emptyAfterMs = backAt && performance.now() - backAt;
  await using view = await openQueueView(nats.url);
  const queue = await view.look();
  const comparison = await compareClusters(stage, account.ledger);
  const lost = [...account.queued.keys()].filter((id) => !account.applied.has(id)).length;
  const figures: Figure[] = [
    ...callFigures(tally),
    count("calls cut by kill -9, repeated by --resume", crash.cut),
    none("calls that never returned", account.open),
    seconds("application killed, serving again after", crash.recoveryMs),
    ...replayFigures(tally, crash.cut + account.repeats),
    none("queued, but never replayed", lost),
    count("messages that NATS has stored", queue.stored),
    none("messages left in the queue", queue.left),
    seconds("cluster B back, queue empty after", emptyAfterMs),
    none("dead letters on NATS", queue.deadLetters),
    doublesFigure(
      "executed by B more than once (harmless)",
      countDoubles([{ cluster: "B", tap }], account.timestamps),
    ),
    ...comparisonFigures(comparison),
  ];
  const isGood = pronounce(screen, figures, tally, comparison);
  await keepRunning(stage, commands);
  return isGood;
}

/** What the death of the application comes to. */
class ApplicationCrash {
  /** Calls that had not returned. */
  cut = 0;
  /** From the kill until a call of its next life has returned. Milliseconds. */
  recoveryMs: number | undefined;
  readonly #application: ApplicationProcess;
  #before: { readonly atMs: number; readonly accepted: number } | undefined;

  constructor(application: ApplicationProcess) {
    this.#application = application;
  }

  async kill(): Promise<void> {
    this.cut = await this.#application.killInACall();
    this.#before = { atMs: performance.now(), accepted: this.#application.account.tally.accepted };
  }

  /** To be called whenever the book has been read. */
  look(): void {
    if (this.#before === undefined || this.#application.account.tally.accepted === this.#before.accepted)
      return;
    this.recoveryMs ??= performance.now() - this.#before.atMs;
  }
}
