import type { ApplicationProcess } from "./application-process.ts";
import { type Progress, ProgressMeter } from "./progress.ts";
import { OUTAGE_BEGINS_AT, playOutage, type Stage } from "./stage.ts";

export interface ThroughOutageOptions {
  readonly application: ApplicationProcess;
  /** All writes that it makes. */
  readonly total: number;
  /** The live line. */
  readonly line: (progress: Progress) => string;
  /** Done at half-time of the outage. */
  readonly inTheMiddle: () => Promise<void>;
  /** Called whenever the application's book has been read. @default nothing */
  readonly onLook?: (() => void) | undefined;
}

/**
 * Watches the application until it has finished, and takes cluster B away meanwhile. Resolves when both are over: with
 * when cluster B was back, by `performance.now()`; undefined if the application had finished before it was to go.
 */
export async function throughOutage(
  stage: Stage,
  { application, total, line, inTheMiddle, onLook }: ThroughOutageOptions,
): Promise<number | undefined> {
  const problem = new AbortController();
  const signal = AbortSignal.any([stage.signal, problem.signal]);
  const meter = new ProgressMeter(total);
  let outage: Promise<number | undefined> | undefined;
  const begin = async () => {
    try {
      return await playOutage(stage, signal, inTheMiddle);
    } catch (error) {
      problem.abort(error);
      return undefined;
    }
  };
  try {
    await application.untilFinished(signal, () => {
      const { begun } = application.account;
      const progress = meter.update(begun);
      if (progress !== undefined) stage.screen.status(line(progress));
      if (begun >= total * OUTAGE_BEGINS_AT) outage ??= begin();
      onLook?.();
    });
  } catch (error) {
    problem.abort(error);
    // It must not bring a cluster back that is being stopped.
    await outage;
    throw error;
  }
  const backAt = await outage;
  signal.throwIfAborted();
  return backAt;
}
