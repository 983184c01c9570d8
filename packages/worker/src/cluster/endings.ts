import type { Clock, ReplayMessage, ReplayPayload } from "@helix/core";
import type { Ending } from "../decide/ending.ts";
import { tableKeyOf } from "../decide/held-message.ts";
import type { Judge, Noted } from "../decide/judge.ts";
import type { UnservedTables } from "../decide/unserved-tables.ts";
import type { Settler } from "../hand/settler.ts";
import type { Reporter } from "../report/reporter.ts";
import type { ClusterHealth } from "./cluster-health.ts";
import type { Execution } from "./executions.ts";
import type { Prober } from "./prober.ts";

export interface EndingsOptions {
  readonly judge: Judge;
  readonly health: ClusterHealth;
  readonly prober: Prober;
  readonly settler: Settler;
  readonly reporter: Reporter;
  readonly clock: Clock;
  readonly unserved: UnservedTables;
  /** The tables of a payload are served again. */
  readonly onServed: (payload: ReplayPayload, unservedMs: number) => void;
}

/** Carries out what the judge decides about executions that have ended, once the cluster's health has heard of them. */
export class Endings {
  readonly #options: EndingsOptions;

  constructor(options: EndingsOptions) {
    this.#options = options;
  }

  ended(execution: Execution, ending: Ending, nowMs: number): void {
    const { judge } = this.#options;
    const { item, order, startedAtMs, trial } = execution;
    const { payload, message } = item;
    const { attempts } = message;
    const noted = judge.note({ payload, attempts, order, startedAtMs, nowMs, trial, ending });
    this.#tellTables(payload, ending, nowMs);
    const judged = this.#tellHealth(execution, ending, nowMs);
    if (judged === undefined && !judge.wantsProbe(noted)) this.#carryOut(execution, noted, false);
    else void this.#probeFirst(execution, noted, judged);
  }

  /** Hands one back that was passed over, so that others get their turn. Returns after how many milliseconds it comes again. */
  postpone(message: ReplayMessage, payload: ReplayPayload): number {
    const { judge, settler, clock } = this.#options;
    const delayMs = judge.postponementMs(payload, clock.monotonicMs());
    void settler.release(message, { delayMs, hastenedBy: tableKeyOf(payload) });
    return delayMs;
  }

  #tellTables(payload: ReplayPayload, ending: Ending, nowMs: number): void {
    const { unserved, onServed } = this.#options;
    if (ending.outcome === "applied") {
      const table = unserved.isEmpty ? undefined : tableKeyOf(payload);
      const unservedMs = table === undefined ? undefined : unserved.applied(table, nowMs);
      if (unservedMs !== undefined) onServed(payload, unservedMs);
      return;
    }
    const { scope } = ending.reading;
    const table = scope === "replicas" || scope === "statement" ? tableKeyOf(payload) : undefined;
    if (table !== undefined) unserved.failed(table, nowMs);
  }

  #tellHealth(execution: Execution, ending: Ending, nowMs: number): Promise<void> | undefined {
    const { health } = this.#options;
    if (ending.outcome === "uncertain") return health.uncertain(execution, ending);
    if (ending.outcome === "unavailable") return health.unavailable(execution, ending);
    if (ending.outcome === "rejected" && !ending.reading.answered) return health.unsent(execution, ending);
    health.answered(execution, nowMs);
    return undefined;
  }

  async #probeFirst(execution: Execution, noted: Noted, judged: Promise<void> | undefined): Promise<void> {
    const { judge, prober } = this.#options;
    await judged;
    this.#carryOut(execution, noted, judge.wantsProbe(noted) && (await prober.recent()));
  }

  #carryOut({ item }: Execution, noted: Noted, isThere: boolean): void {
    const { judge, health, settler, reporter } = this.#options;
    const { message, payload } = item;
    const verdict = judge.verdict(noted, health.trialInMs, isThere);
    if (verdict.kind === "acknowledge") {
      settler.ack(item);
      return;
    }
    const { ending } = noted.ended;
    const { attempts, counted } = verdict;
    const delayMs = verdict.kind === "hand-back" ? verdict.release.delayMs : 0;
    if (ending.outcome !== "applied") {
      reporter.failed({ payload, error: ending.error, attempts, delayMs }, ending, counted);
    }
    if (verdict.kind === "hand-back")
      void settler.release(message, { ...verdict.release, hastenedBy: tableKeyOf(payload) });
    else void settler.drop(message, verdict.cause);
  }
}
