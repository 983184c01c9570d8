import type { AnswerOf } from "@helix/admin-api";
import { ago, counted, moment, quantity } from "../words.ts";

export type Letter = AnswerOf<"deadLetter">["letter"] & Partial<AnswerOf<"trashedLetter">["letter"]>;
type Facts = readonly (readonly [name: string, text: string])[];

/** Of a letter all that is told without its values. */
export function factsOf(letter: Letter, nowMs: number): Facts {
  const {
    cluster,
    priority,
    reason,
    outcome,
    error,
    firstError,
    attempts,
    diedAtMs,
    bytes,
    write,
    discarded,
  } = letter;
  const all: readonly (readonly [string, string | undefined])[] = [
    ["lane", `${priority}.${cluster}`],
    ["died", `${moment(diedAtMs)}, ${ago(diedAtMs, nowMs)}`],
    ["reason", outcome === undefined || outcome === reason ? reason : `${reason} (${outcome})`],
    ["last failure", error && failureText(error)],
    ["first failure", firstError && failureText(firstError)],
    ["attempts", quantity(attempts)],
    ["tables", write?.tables.join(", ")],
    ["write", write && `${kindText(write)}, ${quantity(bytes)} bytes`],
    ["written", write && moment(write.writtenAtMs)],
    ["timestamp", write?.timestampMicros],
    ["redriven before", write && quantity(write.life)],
    ["bytes", write === undefined ? `${quantity(bytes)}, which cannot be read as a payload here` : undefined],
    ["discarded", discarded && moment(discarded.atMs)],
    ["by", discarded?.by],
    ["why", discarded?.why],
  ];
  return all.filter((fact): fact is readonly [string, string] => fact[1] !== undefined && fact[1] !== "");
}

function kindText({ kind, statements }: NonNullable<Letter["write"]>): string {
  return kind === "statement" ? "a statement" : `a ${kind} batch of ${counted(statements, "statement")}`;
}

function failureText({ name, code, message }: NonNullable<Letter["error"]>): string {
  return `${code === undefined ? name : `${name} ${code}`}: ${message}`;
}
