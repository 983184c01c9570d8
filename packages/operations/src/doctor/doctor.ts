import {
  CLUSTERS,
  type ClusterId,
  type Examination,
  type Finding,
  HARMS,
  type ReplayExecutor,
  type Unseen,
} from "@helix/core";
import { errorText, toldError, wait } from "@helix/core/internal";
import { type Operated, settingsOf } from "../operated.ts";
import { graceFindings, offsetFindings } from "./cluster-findings.ts";
import { podFindings } from "./pod-findings.ts";
import { roomFindings } from "./room-findings.ts";

/** Who does not answer by then is not seen. */
const PATIENCE_MS = 10_000;

export interface DoctorOptions {
  /** What asks the clusters. @default they are not looked at */
  readonly executor?: Pick<ReplayExecutor, "shortestGrace" | "clockOffsetMs"> | undefined;
}

export interface DoctorReport extends Examination {
  /** Milliseconds since 1970. */
  readonly atMs: number;
  /** 0: nothing is wrong. 1: something is that is more than advice. 2: besides, something could not be looked at. For a command's exit. */
  readonly verdict: 0 | 1 | 2;
}

/**
 * What can be lost or will stand still, and why, the worst first, each with its cure. Changes nothing. Rejects for names or a clock that cannot be alone: what does not
 * answer within 10 s is among what could not be seen.
 */
export async function doctor(operated: Operated, { executor }: DoctorOptions = {}): Promise<DoctorReport> {
  const { queue, control } = operated;
  const { names, clock } = settingsOf(operated);
  const findings: Finding[] = [];
  const unseen: Unseen[] = [];
  const giveUp = new AbortController();
  const look = async (what: string, ask: (signal: AbortSignal) => Promise<Examination>) => {
    const tooLong = wait(clock, PATIENCE_MS, giveUp.signal).then(() => {
      throw toldError(`no answer within ${PATIENCE_MS / 1000} s`);
    });
    try {
      const found = await Promise.race([ask(giveUp.signal), tooLong]);
      findings.push(...found.findings);
      unseen.push(...found.unseen);
    } catch (error) {
      unseen.push({ what, why: errorText(error) });
    }
  };
  const looks = [
    look("the queue", async () => (await queue.examine?.()) ?? NOTHING),
    look("how full the queue is", async () => ({ findings: await roomFindings(operated), unseen: [] })),
    look("the pods", async () => ({ findings: await podFindings(control), unseen: [] })),
  ];
  if (executor !== undefined) {
    for (const cluster of CLUSTERS) {
      const where = `cluster ${names[cluster]}`;
      looks.push(look(where, (signal) => examined(cluster, where, { executor, signal, queue })));
    }
  }
  await Promise.all(looks);
  giveUp.abort();
  const told = together(findings);
  told.sort((one, other) => HARMS.indexOf(one.harm) - HARMS.indexOf(other.harm));
  const isWrong = told.some(({ harm }) => harm !== "advice");
  return {
    atMs: clock.wallMs(),
    findings: told,
    unseen,
    verdict: unseen.length > 0 ? 2 : isWrong ? 1 : 0,
  };
}

/** The same of several is one, and has one cure. */
function together(findings: readonly Finding[]): Finding[] {
  const told = new Map<string, Finding>();
  for (const finding of findings) {
    const key = JSON.stringify({ ...finding, where: "" });
    const one = told.get(key);
    told.set(key, one === undefined ? finding : { ...one, where: `${one.where}; ${finding.where}` });
  }
  return [...told.values()];
}

const NOTHING: Examination = Object.freeze({ findings: [], unseen: [] });

async function examined(
  cluster: ClusterId,
  where: string,
  parts: Required<DoctorOptions> & { readonly signal: AbortSignal; readonly queue: Operated["queue"] },
): Promise<Examination> {
  const { executor, signal, queue } = parts;
  const { retentionMs } = queue.traits;
  const grace = retentionMs === undefined ? undefined : await executor?.shortestGrace?.(cluster, { signal });
  const findings = [
    ...graceFindings(where, grace, retentionMs ?? 0),
    // Known once the tables have been read.
    ...offsetFindings(where, executor?.clockOffsetMs?.(cluster)),
  ];
  return { findings, unseen: [] };
}
