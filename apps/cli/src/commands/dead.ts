import { helixError, type LetterGroup } from "@helix/core";
import type { LetterBox, LetterGroupPage, ToldLetter, ToldTrashedLetter } from "@helix/operations";
import { UsageError } from "../failures.ts";
import { filterIn, quoted, typedFilter } from "../input/filter-flags.ts";
import { withFlags } from "../input/typed-flags.ts";
import type { LetterPage, ShownValues } from "../operator/operator.ts";
import { clean, jsonText } from "../output/clean.ts";
import type { Paint } from "../output/paint.ts";
import { type Column, facts, table } from "../output/table.ts";
import { ago, counted, moment, quantity } from "../output/words.ts";
import type { Answer, Session } from "../session.ts";

type Told = ToldLetter & Partial<ToldTrashedLetter>;

export interface ListFlags extends Readonly<Record<string, unknown>> {
  readonly limit: number;
  readonly cursor?: string | undefined;
}

export async function listLetters(session: Session, box: LetterBox, flags: ListFlags): Promise<Answer> {
  const nowMs = Date.now();
  const operator = await session.operator();
  const { limit, cursor } = flags;
  const page = await operator.letters(box, filterIn(flags, nowMs), { limit, cursor });
  return {
    data: page,
    text: (paint) =>
      `${pageText(page, nowMs, paint)}${nextText(session, `${wordsOf(box)} list`, flags, page, paint)}`,
  };
}

function pageText({ letters }: LetterPage, nowMs: number, paint: Paint): string {
  if (letters.length === 0) return "No dead letters.\n";
  const isTrash = letters.some((letter) => "discarded" in letter);
  return table(letters, isTrash ? trashColumns(nowMs) : letterColumns(nowMs), paint);
}

/** What to type for the next page, if there is one. */
function nextText(
  { flags: given }: Session,
  command: string,
  flags: ListFlags,
  { cursor }: { readonly cursor?: string | undefined },
  paint: Paint,
): string {
  if (cursor === undefined) return "";
  const typed = `${command}${typedFilter(flags)} --limit ${flags.limit} --cursor ${quoted(cursor)}`;
  return `${paint.dim(`more: ${withFlags(typed, given)}`)}\n`;
}

function wordsOf(box: LetterBox): string {
  return box === "trash" ? "helix dead trash" : "helix dead";
}

export async function groupLetters(session: Session, box: LetterBox, flags: ListFlags): Promise<Answer> {
  const nowMs = Date.now();
  const operator = await session.operator();
  const { limit, cursor } = flags;
  const found = await operator.letterGroups(box, filterIn(flags, nowMs), { limit, cursor });
  return {
    data: found,
    text: (paint) =>
      `${groupsText(found, nowMs, paint)}${nextText(session, `${wordsOf(box)} groups`, flags, found, paint)}`,
  };
}

/** @param all How many letters there are in all groups, where that is known. */
export function groupsText(
  { groups, total }: LetterGroupPage,
  nowMs: number,
  paint: Paint,
  all?: number,
): string {
  if (groups.length === 0) return "No dead letters.\n";
  const shown = groups.reduce((sum, group) => sum + group.count, 0);
  const isPart = total > groups.length;
  const sum =
    isPart && all !== undefined
      ? `${counted(all, "dead letter")} in ${counted(total, "group")}, of which the ${groups.length} largest are shown`
      : `${counted(shown, "dead letter")} in ${counted(groups.length, "group")}${isPart ? ` of ${quantity(total)}` : ""}`;
  return `${table(groups, groupColumns(nowMs), paint)}${paint.dim(sum)}\n`;
}

export async function showLetter(session: Session, box: LetterBox, id: string): Promise<Answer> {
  const operator = await session.operator();
  const letter = await operator.letter(box, id);
  if (letter === undefined)
    throw helixError("HELIX_DEAD_LETTER_NOT_FOUND", `There is no dead letter ${id}`, { id });
  return { data: { letter }, text: (paint) => letterText(letter, paint) };
}

/** With all that was bound to it, which is personal data: whoever asks says why, and it is written down. */
export async function showValues(
  session: Session,
  box: LetterBox,
  id: string,
  reason: string,
): Promise<Answer> {
  const operator = await session.operator();
  if (operator.values === undefined) {
    throw new UsageError(
      "Values are shown by a pod, which writes down who saw them",
      `${wordsOf(box)} show ${quoted(id)} --values --reason ${quoted(reason)} --url http://127.0.0.1:8081`,
    );
  }
  const shown = await operator.values(box, id, { by: session.by, why: reason });
  return { data: shown, text: (paint) => `${letterText(shown.letter, paint)}${valuesText(shown, paint)}` };
}

function valuesText({ error, statements = [], raw }: ShownValues, paint: Paint): string {
  const lines = statements.map(({ query, params }) => `${clean(query)}\n  ${paint.dim(jsonText(params))}\n`);
  return [
    ...(error === undefined ? [] : [`${paint.dim("whole failure")}  ${clean(failureText(error))}\n`]),
    ...lines,
    ...(raw === undefined ? [] : [`${paint.dim("bytes, in base64")}  ${clean(raw)}\n`]),
  ].join("");
}

function letterText(letter: Told, paint: Paint): string {
  const { id, cluster, priority, reason, outcome, error, firstError, attempts, diedAtMs, bytes, write } =
    letter;
  return facts(
    [
      ["id", id],
      ["cluster", `${cluster}, ${priority}`],
      ["cause", outcome === undefined ? reason : `${reason} (${outcome})`],
      ["last failure", error && failureText(error)],
      ["first failure", firstError && failureText(firstError)],
      ["attempts", quantity(attempts)],
      ["died", moment(diedAtMs)],
      ["written", write && moment(write.writtenAtMs)],
      ["write", write && `${write.kind}, ${counted(write.statements, "statement")}`],
      ["tables", write?.tables.join(", ")],
      ["timestamp", write?.timestampMicros],
      ["redriven", write && `${quantity(write.life)} times`],
      ["size", counted(bytes, "byte")],
      ["discarded", letter.discarded && discardedText(letter.discarded)],
      ...(write === undefined ? [["content", "bytes that cannot be read as a payload here"] as const] : []),
    ],
    paint,
  );
}

function discardedText({ atMs, by, why }: ToldTrashedLetter["discarded"]): string {
  return [moment(atMs), by, why].filter((one) => one !== undefined).join(", ");
}

function failureText({ name, code, message }: NonNullable<ToldLetter["error"]>): string {
  return `${[name, code].filter((one) => one !== undefined).join(" ")}: ${message}`;
}

function letterColumns(nowMs: number): readonly Column<Told>[] {
  return [
    { title: "ID", of: ({ id }) => id },
    { title: "CLUSTER", of: ({ cluster }) => cluster },
    { title: "PRIORITY", of: ({ priority }) => priority },
    { title: "DIED", of: ({ diedAtMs }) => ago(diedAtMs, nowMs), align: "right" },
    { title: "CAUSE", of: ({ reason }) => reason },
    { title: "CODE", of: ({ error }) => error?.code },
    { title: "ATTEMPTS", of: ({ attempts }) => quantity(attempts), align: "right" },
    { title: "REDRIVEN", of: ({ write }) => write && quantity(write.life), align: "right" },
    { title: "TABLES", of: ({ write }) => write?.tables.join(", ") },
  ];
}

function trashColumns(nowMs: number): readonly Column<Told>[] {
  return [
    ...letterColumns(nowMs),
    {
      title: "DISCARDED",
      of: ({ discarded }) => discarded && ago(discarded.atMs, nowMs),
      align: "right",
    },
    { title: "BY", of: ({ discarded }) => discarded?.by },
    { title: "WHY", of: ({ discarded }) => discarded?.why },
  ];
}

function groupColumns(nowMs: number): readonly Column<LetterGroup>[] {
  return [
    { title: "COUNT", of: ({ count }) => quantity(count), align: "right" },
    { title: "CLUSTER", of: ({ cluster }) => cluster },
    { title: "TABLES", of: ({ tables }) => tables.join(", ") },
    { title: "CAUSE", of: ({ reason }) => reason },
    { title: "CODE", of: ({ errorCode }) => errorCode },
    { title: "DIED AGAIN", of: ({ redrivenBefore }) => quantity(redrivenBefore), align: "right" },
    { title: "FIRST", of: ({ firstDiedAtMs }) => ago(firstDiedAtMs, nowMs), align: "right" },
    { title: "LAST", of: ({ lastDiedAtMs }) => ago(lastDiedAtMs, nowMs), align: "right" },
    { title: "FOR INSTANCE", of: ({ sampleId }) => sampleId },
  ];
}
