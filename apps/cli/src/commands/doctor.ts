import type { DoctorReport } from "@helix/operations";
import { clean } from "../output/clean.ts";
import type { Paint, Style } from "../output/paint.ts";
import { counted, moment } from "../output/words.ts";
import type { Answer } from "../session.ts";

export function doctorAnswer(report: DoctorReport): Answer {
  return { data: report, text: (paint) => reportText(report, paint), exit: report.verdict };
}

const HARM: Readonly<Record<DoctorReport["findings"][number]["harm"], Style>> = {
  loss: "bad",
  standstill: "bad",
  exposure: "warning",
  advice: "dim",
};

function reportText({ atMs, findings, unseen, verdict }: DoctorReport, paint: Paint): string {
  const found = findings.map(
    ({ code, harm, where, what, cure }) =>
      `${paint[HARM[harm]](harm)}  ${paint.bold(clean(code))}  ${clean(where)}\n  ${clean(what)}\n  ${paint.dim("cure:")} ${clean(cure)}\n\n`,
  );
  const notSeen = unseen.map(({ what, why }) => `${paint.bad("not seen")}  ${clean(what)}: ${clean(why)}\n`);
  const sum =
    verdict === 0
      ? paint.good(findings.length === 0 ? "Nothing is wrong." : "Nothing is wrong; there is advice.")
      : `${counted(findings.length, "finding")}${unseen.length > 0 ? `, and ${counted(unseen.length, "thing")} that could not be looked at` : ""}.`;
  return [
    ...found,
    ...notSeen,
    ...(notSeen.length > 0 ? ["\n"] : []),
    `${sum} ${paint.dim(moment(atMs))}\n`,
  ].join("");
}
