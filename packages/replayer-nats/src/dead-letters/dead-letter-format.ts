import { type DeadLetter, type ErrorSummary, type Lane, laneOf } from "@helix/core";
import { errorSummary } from "@helix/core/queue-kit";
import type { Bodies } from "../bodies.ts";
import { isObject, parsed } from "../connection/parsed.ts";
import { headerIn, type StoredMessage } from "../connection/stored-message.ts";
import { PROCESS_DIED } from "../lanes/evidence.ts";
import { type LetterStream, letterNameIn } from "../topology/names.ts";
import type { WholeLetter } from "./letter-parts.ts";

/** What a dead letter says beside its bytes. */
export type Epitaph = Omit<DeadLetter, "raw" | "content" | "toldError">;

/** Its name in the header of the message. */
export const EPITAPH_HEADER = "Helix-Dead-Letter";
/** What the header may have: the rest of the room that is kept free for a dead letter holds the other headers, and a text. */
const MAX_HEADER_LENGTH = 12 * 1024;
/** Everything outside of printable ASCII: a header is one line. */
const NOT_PLAIN = /[^ -~]/gu;

/**
 * The bytes stay what they were and begin the body, so that whatever went wrong with them can be looked at; all else is one
 * header, as JSON in ASCII, but for the text of the last failure where that may quote what was bound (see `bodyOf`).
 */
export function encodeEpitaph(epitaph: Epitaph): string {
  for (let most = 2048; ; most = Math.floor(most / 2)) {
    const { error, firstError } = epitaph;
    const cut = { ...epitaph, error: shortened(error, most), firstError: shortened(firstError, most) };
    const text = plainJson(cut);
    if (text.length <= MAX_HEADER_LENGTH || most === 0) return text;
  }
}

/**
 * What a message of a stream of letters says, whoever has put it there. Subject and place are the server's word: they
 * give id and lane. What the header says counts as far as it can be read; without one that says why, the letter is
 * `undecodable`, so that it can be seen and discarded like any other, and redriven if its body is a payload.
 */
export function letterIn(
  stored: WholeLetter,
  at: LetterStream,
  bodies: Bodies,
  outside: Outside = outsideIn(stored, at),
): DeadLetter {
  const raw = new Uint8Array(stored.data);
  const { reason, firstError, error, lane } = outside;
  const isFatal = reason === "undecodable" && firstError?.name === PROCESS_DIED;
  const content = isFatal ? bodies.fatal(raw) : bodies.read(raw, lane);
  const message = stored.text && bodies.readText(stored.text);
  return {
    ...outside,
    ...(error && { toldError: error }),
    ...(message !== undefined && { error: errorSummary({ ...error, message }) }),
    // Under a subject that names no lane lies what is not ours, which has to be shown under one.
    lane: lane ?? (content.ok ? laneOf(content.payload.targetCluster, content.payload.priority) : "high.A"),
    raw,
    content,
  };
}

/** What a letter says without its body; the text of its last failure may be missing. */
export type Outside = Omit<Epitaph, "lane"> & { readonly lane: Lane | undefined };

export function outsideIn(stored: StoredMessage, at: LetterStream): Outside {
  const epitaph = decodeEpitaph(headerIn(stored, EPITAPH_HEADER)) ?? {
    reason: "undecodable",
    error: { name: "Error", message: "It has no header that says what it died of" },
    origin: { stream: at.name, sequence: stored.seq, subject: stored.subject },
  };
  return { attempts: 0, deadAtMs: stored.storedAtMs, origin: {}, ...epitaph, ...namedIn(stored, at) };
}

/** Id and life, as they stand in a subject of ours. */
export const LETTER_ID = /^[A-Za-z0-9_-]{1,128}\.[0-9A-Za-z-]{1,64}$/;
/** What is called by its place, since its subject is none of ours. */
export const BY_SEQUENCE = /^sequence=([1-9]\d{0,14})$/;

/** Whether one could be called that: before a subject is made of it. */
export function isLetterId(id: unknown): id is string {
  return typeof id === "string" && (LETTER_ID.test(id) || BY_SEQUENCE.test(id));
}

export function namedIn({ subject, seq }: StoredMessage, at: LetterStream): Pick<Outside, "id" | "lane"> {
  const { lane, name = "" } = letterNameIn(at, subject) ?? {};
  return { lane, id: LETTER_ID.test(name) ? name : `sequence=${seq}` };
}

type Said = Pick<DeadLetter, "reason"> & Partial<Omit<Epitaph, "id" | "lane" | "reason">>;

/** A reason of a newer version stays what it is; what is no word is none. */
const REASON = /^[a-z][a-z-]{0,39}$/;
const OUTCOMES = ["unavailable", "uncertain", "rejected"] as const;
const MOST_ORIGINS = 20;

/** Reads what {@link encodeEpitaph} wrote, here or in another version; undefined if it is something else. */
export function decodeEpitaph(header: string | undefined): Said | undefined {
  const { reason, outcome, error, firstError, attempts, deadAtMs, origin } = parsed(header ?? "") ?? {};
  if (typeof reason !== "string" || !REASON.test(reason)) return undefined;
  const known = OUTCOMES.find((one) => one === outcome);
  const [last, first] = [error, firstError].map((one) => (isObject(one) ? errorSummary(one) : undefined));
  return {
    reason: reason as DeadLetter["reason"],
    ...(known && { outcome: known }),
    ...(last && { error: last }),
    ...(first && { firstError: first }),
    ...(Number.isSafeInteger(attempts) && (attempts as number) >= 0 && { attempts: attempts as number }),
    ...(Number.isFinite(deadAtMs) && { deadAtMs: deadAtMs as number }),
    ...(isObject(origin) && { origin: plainOrigin(origin) }),
  };
}

function plainOrigin(origin: Readonly<Record<string, unknown>>): DeadLetter["origin"] {
  const plain: Record<string, string | number> = {};
  for (const [name, value] of Object.entries(origin).slice(0, MOST_ORIGINS)) {
    if (typeof value === "string" || typeof value === "number") plain[name] = value;
  }
  return plain;
}

function shortened(error: ErrorSummary | undefined, most: number): ErrorSummary | undefined {
  if (error === undefined) return undefined;
  return { ...error, message: error.message.slice(0, most) };
}

/** On one line. */
export function plainJson(value: object): string {
  return JSON.stringify(value).replaceAll(NOT_PLAIN, escaped);
}

function escaped(character: string): string {
  let text = "";
  for (let at = 0; at < character.length; at++) {
    text += `\\u${character.charCodeAt(at).toString(16).padStart(4, "0")}`;
  }
  return text;
}
