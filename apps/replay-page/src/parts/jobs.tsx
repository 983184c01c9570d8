import { CancelDialog } from "../actions/cancel-dialog.tsx";
import { useDialogs } from "../actions/dialog.tsx";
import { filterText, hasConditions } from "../address.ts";
import { endedOf, isOver, paceOf } from "../job-pace.ts";
import { type Job, may, usePod } from "../pod.ts";
import { ago, duration, moment, quantity } from "../words.ts";
import { Mark, type Tone } from "./mark.tsx";
import { type Column, Table } from "./table.tsx";

/** Long work, the newest first. */
export function Jobs({ jobs, nowMs }: { readonly jobs: readonly Job[]; readonly nowMs: number }) {
  const pod = usePod();
  const { open } = useDialogs();
  if (jobs.length === 0) return <p>There is none.</p>;
  const columns: readonly Column<Job>[] = [
    {
      title: "Job",
      of: ({ verb, filter, force }) => (
        <>
          {force ? "forced " : ""}
          {verb} <span class="about">{hasConditions(filter) ? filterText(filter) : "all letters"}</span>
        </>
      ),
    },
    { title: "State", of: ({ state }) => <Mark tone={TONES[state]}>{state}</Mark> },
    { title: "Progress", of: (job) => <Progress job={job} nowMs={nowMs} />, isLong: true },
    { title: "By", of: ({ by, why }) => `${by}: ${why}`, isLong: true },
    { title: "Ordered", of: ({ createdAtMs }) => ago(createdAtMs, nowMs), align: "right" },
    {
      title: "",
      of: (job) =>
        !isOver(job) && (
          <button
            type="button"
            aria-label={`Cancel the ${job.verb} of ${job.by}, ${job.why} …`}
            disabled={!may(pod, "operate") || job.state === "cancelling"}
            onClick={() => open(<CancelDialog job={job} />, "jobs-title")}
          >
            Cancel …
          </button>
        ),
    },
  ];
  return <Table caption="Jobs, the newest first" columns={columns} rows={jobs} keyOf={({ id }) => id} />;
}

const TONES: Readonly<Record<Job["state"], Tone>> = {
  waiting: "quiet",
  running: "quiet",
  paused: "warning",
  cancelling: "warning",
  done: "good",
  failed: "bad",
  cancelled: "quiet",
};

function Progress({ job, nowMs }: { readonly job: Job; readonly nowMs: number }) {
  const { expect, counts, errors, stage, stalled, cancelled, failedFor, startedAtMs, endedAtMs } = job;
  const ended = endedOf(job);
  const { perSecond, leftMs } = paceOf(job, nowMs);
  const codes = Object.entries(errors).map(([code, count]) => `${quantity(count)} ${code}`);
  const notes = [
    perSecond !== undefined && `${quantity(perSecond)}/s`,
    leftMs !== undefined && `about ${duration(leftMs)} left`,
    endedAtMs !== undefined && startedAtMs !== undefined && `took ${duration(endedAtMs - startedAtMs)}`,
    counts.failed > 0 &&
      `${quantity(counts.failed)} failed${codes.length > 0 ? ` (${codes.join(", ")})` : ""}`,
    counts.skipped > 0 && `${quantity(counts.skipped)} no payload`,
    counts.needsForce > 0 && `${quantity(counts.needsForce)} need force`,
    counts.vanished > 0 && `${quantity(counts.vanished)} ended by somebody else`,
    stage?.decidesAtMs !== undefined && `goes on, or not, at ${moment(stage.decidesAtMs)}`,
    stalled !== undefined && `stalled for ${duration(Math.max(0, nowMs - stalled.sinceMs))}: ${stalled.code}`,
    cancelled !== undefined && `cancelled by ${cancelled.by}: ${cancelled.why}`,
    failedFor !== undefined && failedFor,
  ].filter((note) => note !== false);
  return (
    <>
      {quantity(ended)} of {quantity(expect)}
      {!isOver(job) && (
        <progress max={Math.max(1, expect)} value={ended} aria-label={`${job.verb}, done so far`} />
      )}
      {notes.length > 0 && <span class="about">{notes.join("; ")}</span>}
    </>
  );
}
