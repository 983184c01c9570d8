import type { AnswerOf } from "@helix/admin-api";
import { useState } from "preact/hooks";
import { asRefusal, type Refusal } from "../api/refusal.ts";
import { type Status, usePod } from "../pod.ts";
import { troublesOf } from "../troubles.ts";
import { Mark } from "./mark.tsx";

type Report = AnswerOf<"doctor">;

/** What somebody should do something about. */
export function Warnings({ status }: { readonly status: Status }) {
  const troubles = troublesOf(status);
  return (
    <>
      {troubles.length === 0 && <p>Nothing that this pod can see.</p>}
      <ul class="findings">
        {troubles.map(({ key, code, isBad, mark, text }) => (
          <li key={key}>
            <Mark tone={isBad ? "bad" : "warning"}>{mark}</Mark> {text}.{" "}
            {code !== undefined && <Runbook code={code} />}
          </li>
        ))}
      </ul>
      <Doctor />
    </>
  );
}

function Runbook({ code }: { readonly code: string }) {
  const { runbookUrl } = usePod();
  const text = `Runbook: ${code}`;
  if (runbookUrl === undefined || !/^https?:/.test(runbookUrl)) return <span class="quiet">{text}</span>;
  return (
    <a href={`${runbookUrl}#${encodeURIComponent(code)}`} target="_blank" rel="noreferrer">
      {text}
    </a>
  );
}

/** Looks at what can be lost, when somebody asks. */
function Doctor() {
  const { client } = usePod();
  const [report, setReport] = useState<Report>();
  const [refusal, setRefusal] = useState<Refusal>();
  const [isBusy, setBusy] = useState(false);
  const ask = async () => {
    setBusy(true);
    setRefusal(undefined);
    await client.ask("doctor").then(setReport, (error: unknown) => setRefusal(asRefusal(error)));
    setBusy(false);
  };
  return (
    <div class="doctor">
      <button type="button" disabled={isBusy} onClick={ask}>
        {isBusy ? "Looking …" : "Look for what can be lost"}
      </button>
      <div aria-live="polite">
        {refusal !== undefined && <p class="problem">{refusal.message}</p>}
        {report !== undefined && <Findings report={report} />}
      </div>
    </div>
  );
}

function Findings({ report: { findings, unseen } }: { readonly report: Report }) {
  if (findings.length === 0 && unseen.length === 0) return <p>The doctor has found nothing.</p>;
  return (
    <ul class="findings">
      {findings.map(({ code, harm, where, what, cure }) => (
        <li key={`${code} ${where}`}>
          <Mark tone={harm === "advice" ? "quiet" : "bad"}>{harm}</Mark> {where}: {what}{" "}
          <strong>{cure}</strong> <Runbook code={code} />
        </li>
      ))}
      {unseen.map(({ what, why }) => (
        <li key={what}>
          <Mark tone="warning">not looked at</Mark> {what}: {why}
        </li>
      ))}
    </ul>
  );
}
