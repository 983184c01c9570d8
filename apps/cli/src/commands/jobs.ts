import { EXIT } from "../failures.ts";
import { quoted } from "../input/filter-flags.ts";
import type { JobPage, ShownJob } from "../operator/operator.ts";
import type { Paint } from "../output/paint.ts";
import { type Column, table } from "../output/table.ts";
import { ago, quantity } from "../output/words.ts";
import type { Answer, Session } from "../session.ts";
import { endedOf, followJob, jobAnswer } from "./follow-job.ts";

export async function listJobs(session: Session): Promise<Answer> {
  const page = await (await session.operator()).jobs();
  return { data: page, text: (paint) => listText(page, paint) };
}

export async function showJob(
  session: Session,
  id: string,
  { follow }: { readonly follow?: boolean },
): Promise<Answer> {
  const operator = await session.operator();
  const job = await operator.job(id);
  return follow ? followJob(session, operator, job) : jobAnswer(job);
}

/** What is done stays done, so that a job that was cancelled by order is no failure. */
export async function cancelJob(
  session: Session,
  id: string,
  { reason }: { readonly reason: string },
): Promise<Answer> {
  const operator = await session.operator();
  const cancelled = operator.cancelJob(id, { by: session.by, why: reason });
  const job = await session.ordered(cancelled, `helix jobs show ${quoted(id)}`);
  return { ...jobAnswer(job), exit: EXIT.ok };
}

function listText({ jobs }: JobPage, paint: Paint): string {
  return jobs.length === 0 ? "No jobs.\n" : table(jobs, columns(Date.now()), paint);
}

function columns(nowMs: number): readonly Column<ShownJob>[] {
  return [
    { title: "ID", of: ({ id }) => id },
    { title: "VERB", of: ({ verb }) => verb },
    {
      title: "STATE",
      of: ({ state }) => state,
      paint: ({ state }) => (state === "failed" ? "bad" : undefined),
    },
    { title: "ENDED", of: (job) => `${quantity(endedOf(job))} of ${quantity(job.expect)}`, align: "right" },
    { title: "FAILED", of: ({ counts }) => quantity(counts.failed), align: "right" },
    { title: "ORDERED", of: ({ createdAtMs }) => ago(createdAtMs, nowMs), align: "right" },
    { title: "BY", of: ({ by }) => by },
    { title: "WHY", of: ({ why }) => why },
  ];
}
