import { systemClock } from "@helix/core";
import { wait } from "@helix/core/internal";
import { EXIT, Failure, PASSING } from "../failures.ts";
import { withFlags } from "../input/typed-flags.ts";
import type { Operator, ShownJob } from "../operator/operator.ts";
import { clean } from "../output/clean.ts";
import type { Paint } from "../output/paint.ts";
import { facts } from "../output/table.ts";
import { counted, duration, moment, quantity } from "../output/words.ts";
import { readFailure } from "../read-failure.ts";
import { type Answer, type Session, unlessInterrupted } from "../session.ts";

const LOOK_MS = 250;
/** Longer than a pod takes that looks for jobs. */
const TAKEN_UP_MS = 5_000;
/** Where nobody has answered. */
const FAILED_MS = 1_000;
const PATIENCE_MS = 60_000;
const BAR = 24;

function isOver({ state }: Pick<ShownJob, "state">): boolean {
  return state === "done" || state === "failed" || state === "cancelled";
}

/**
 * Shows how far a job is until it is over. Whoever interrupts this ends the showing: the job goes on. Where nobody answers it is asked for again for a minute, since
 * pods come and go. Resolves with the job as it was seen last, and with the exit code of an interrupt.
 */
export async function followJob(session: Session, operator: Operator, job: ShownJob): Promise<Answer> {
  const { stderr } = session.host;
  const isShown = stderr.isTTY === true && !session.flags.json;
  const startedMs = systemClock.monotonicMs();
  const told = new Set<string>();
  const tell = (text: string) => {
    if (told.has(text)) return;
    told.add(text);
    session.note(`${isShown ? "\n" : ""}${text}`);
  };
  let last = job;
  let failedSinceMs: number | undefined;
  let exit: number | undefined;
  const look = async () => {
    try {
      last = await operator.job(job.id);
      failedSinceMs = undefined;
    } catch (error) {
      const { code, message } = readFailure(error);
      const nowMs = systemClock.monotonicMs();
      failedSinceMs ??= nowMs;
      if (!PASSING.has(code) || nowMs - failedSinceMs > PATIENCE_MS) throw unseen(error, job.id);
      tell(`${clean(withoutStop(message))}. The job goes on, and is asked for again`);
    }
  };
  await session.interruptible(async (signal) => {
    while (!isOver(last)) {
      const forMs = systemClock.monotonicMs() - startedMs;
      if (isShown) stderr.write(`\r\u001b[K${progressText(last, { since: job, forMs })}`);
      if (last.state === "waiting" && forMs > TAKEN_UP_MS)
        tell("No pod has taken it up yet: it waits for one");
      if (last.stalled !== undefined)
        tell(`It stands still for ${clean(last.stalled.code)}, and goes on when that is over`);
      await wait(systemClock, failedSinceMs === undefined ? LOOK_MS : FAILED_MS, signal);
      if (!signal.aborted) await unlessInterrupted(look(), signal);
      if (signal.aborted) {
        exit = signal.reason;
        break;
      }
    }
  });
  if (isShown) stderr.write("\r\u001b[K");
  if (!isOver(last)) session.note(`It goes on: ${withFlags(lookAt(last.id), session.flags)}`);
  const answer = jobAnswer(last);
  return { ...answer, exit: exit ?? answer.exit };
}

function lookAt(id: string): string {
  return `helix jobs show ${id} --follow`;
}

/** Nobody says how far it is any more. */
function unseen(error: unknown, id: string): Failure {
  const { code, message, exit } = readFailure(error);
  if (code === "HELIX_JOB_NOT_FOUND") return new Failure(message, { code, exit });
  return new Failure(`${withoutStop(message)}. The job goes on all the same`, {
    code,
    exit,
    type: [lookAt(id)],
  });
}

/** Without the full stop that some have. */
function withoutStop(sentence: string): string {
  return sentence.replace(/\.$/, "");
}

interface Beginning {
  /** As it was then. */
  readonly since: ShownJob;
  readonly forMs: number;
}

/** `redrive [████        ]  12,310 of 100,000  12 %  5,200/s  17 s left  3 failed`. */
function progressText(job: ShownJob, { since, forMs }: Beginning): string {
  const { verb, state, expect, counts } = job;
  const ended = endedOf(job);
  const part = expect === 0 ? 1 : Math.min(1, ended / expect);
  const full = Math.round(part * BAR);
  // What was done before somebody looked says nothing of how fast it is now.
  const perSecond = forMs > 2 * LOOK_MS ? ((ended - endedOf(since)) / forMs) * 1000 : 0;
  return [
    `${verb} [${"█".repeat(full)}${" ".repeat(BAR - full)}]`,
    `${quantity(ended)} of ${quantity(expect)}`,
    `${Math.floor(part * 100)} %`,
    ...(state === "running" ? [] : [state]),
    ...(perSecond > 0
      ? [`${quantity(perSecond)}/s`, `${duration(((expect - ended) / perSecond) * 1000)} left`]
      : []),
    ...(counts.failed > 0 ? [`${quantity(counts.failed)} failed`] : []),
  ].join("  ");
}

/** Those of which it is known what has become of them. */
export function endedOf({ counts: { done, failed, skipped, needsForce, vanished } }: ShownJob): number {
  return done + failed + skipped + needsForce + vanished;
}

/** Ends with 1 for a job that is over and has not done all that was ordered. */
export function jobAnswer(job: ShownJob): Answer {
  const isShort = isOver(job) && (job.state !== "done" || job.counts.done < job.expect);
  return { data: job, text: (paint) => jobText(job, paint), exit: isShort ? EXIT.failed : EXIT.ok };
}

function jobText(job: ShownJob, paint: Paint): string {
  const { id, verb, state, by, why, counts, expect, errors, failures, stage, stalled, cancelled, failedFor } =
    job;
  const { holder, perSecond, createdAtMs, endedAtMs } = job;
  const rest = {
    failed: "failed",
    skipped: "no payload",
    needsForce: "need --force",
    vanished: "ended by somebody else",
  };
  const others = Object.entries(rest).flatMap(([name, words]) => {
    const count = counts[name as keyof typeof rest];
    return count === 0 ? [] : [`${quantity(count)} ${words}`];
  });
  // Ended by somebody else before they were looked for.
  const absent = state === "done" ? expect - endedOf(job) : 0;
  if (absent > 0) others.push(`${quantity(absent)} not found`);
  const told = facts(
    [
      ["job", `${id}: ${verb}, ${state}`],
      ["done", [`${quantity(counts.done)} of ${quantity(expect)}`, ...others].join(", ")],
      ["by", `${by}: ${why}`],
      ["began", moment(createdAtMs)],
      [
        "ended",
        endedAtMs === undefined
          ? undefined
          : // By the clocks of two pods, perhaps.
            `${moment(endedAtMs)}, after ${duration(Math.max(0, endedAtMs - createdAtMs))}`,
      ],
      ["at", perSecond === undefined ? undefined : `${quantity(perSecond)} per second at most`],
      ["stage", stage && stageText(stage)],
      ["pod", holder],
      ["stalled", stalled && `${stalled.code}, since ${moment(stalled.sinceMs)}`],
      ["cancelled", cancelled && `by ${cancelled.by}: ${cancelled.why}`],
      ["failed for", failedFor],
    ],
    paint,
  );
  const codes = Object.entries(errors).map(([code, count]) => `  ${quantity(count)}  ${clean(code)}\n`);
  const ids = failures.map((one) => `  ${clean(one.id)}  ${clean(one.code)}\n`);
  return [
    told,
    ...(codes.length > 0 ? [`${paint.bad("failures")}\n`, ...codes] : []),
    ...(ids.length > 0 ? [`${paint.dim(`${counted(ids.length, "letter")} of them`)}\n`, ...ids] : []),
  ].join("");
}

function stageText({
  index,
  done,
  diedAgain,
  lookedFor,
  decidesAtMs,
}: NonNullable<ShownJob["stage"]>): string {
  const again =
    diedAgain === undefined
      ? ""
      : `, ${quantity(diedAgain)} of ${quantity(lookedFor ?? 0)} of the stage before died again`;
  const decides = decidesAtMs === undefined ? "" : `, decides at ${moment(decidesAtMs)}`;
  return `${index + 1}: ${quantity(done)} done${again}${decides}`;
}
