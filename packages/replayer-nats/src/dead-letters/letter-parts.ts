import type { Lane } from "@helix/core";
import type { Admin } from "../connection/admin.ts";
import { headerIn, type StoredMessage } from "../connection/stored-message.ts";
import { digestOf } from "../identity.ts";
import { type LetterStream, letterNameIn, letterSubject } from "../topology/names.ts";
import { bodyIn } from "./letter-body.ts";

/** On the dead letter: what its parts are called, and how many there are. On a part: whose it is. */
export const PARTS_HEADER = "Helix-Parts";
export const PART_OF_HEADER = "Helix-Part-Of";

/** A message was never longer than 64 MiB, and no server takes less than one: what says more is not ours. */
const MOST_PARTS = 64;
const PARTS = /^([0-9a-f]{32}) ([1-9]\d?)$/;
const PART = /^([0-9a-f]{32})\.part-[1-9]\d?$/;
/** Whoever writes parts writes their dead letter in the same moment. */
const ORPHAN_AFTER_MS = 3_600_000;

/**
 * A body that leaves no room for its header under the server's `max_payload` (published by somebody else, or before that was
 * lowered) is kept in pieces: the first is the dead letter, the others lie beside it, under subjects made of the whole's
 * digest, and are stored before it.
 */
export function partsOf(
  raw: Uint8Array,
  room: number,
): { readonly name: string; readonly parts: Uint8Array[] } {
  const parts: Uint8Array[] = [];
  for (let at = room; at < raw.length; at += room) parts.push(raw.subarray(at, at + room));
  return { name: digestOf(String(room), raw), parts };
}

/** Where a part is, counted from 1. */
export function partSubject(at: LetterStream, lane: Lane, name: string, number: number): string {
  return letterSubject(at, lane, `${name}.part-${number}`);
}

/** A dead letter with all the bytes that lay in the lane and nothing else, and what its text says beside them. */
export interface WholeLetter extends StoredMessage {
  readonly text?: Uint8Array | undefined;
}

/** The same with its whole body, and its parts; with what it holds itself where it has none, or they are not all there. */
export async function wholeOf(
  admin: Admin,
  at: LetterStream,
  stored: StoredMessage,
): Promise<{ readonly letter: WholeLetter; readonly parts: readonly StoredMessage[] }> {
  const { raw, text } = bodyIn(stored);
  const letter = { ...stored, data: raw, text };
  const [, name, count = "0"] = PARTS.exec(headerIn(stored, PARTS_HEADER) ?? "") ?? [];
  const lane = name === undefined ? undefined : letterNameIn(at, stored.subject)?.lane;
  const parts: StoredMessage[] = [];
  if (name === undefined || lane === undefined || Number(count) > MOST_PARTS) return { letter, parts };
  for (let number = 1; number <= Number(count); number++) {
    const last_by_subj = partSubject(at, lane, name, number);
    const part = await admin.message(at.name, { last_by_subj });
    if (part !== undefined) parts.push(part);
  }
  const data = Buffer.concat([raw, ...parts.map((part) => part.data)]);
  const isWhole = digestOf(String(raw.length), data) === name;
  return { letter: isWhole ? { ...letter, data } : letter, parts };
}

/** Most are not: those need not be looked at. */
export function isNamedAsPart(id: string): boolean {
  return PART.test(id);
}

/** Whether it is a part of a dead letter that is there, or may be at any moment. */
export async function isPart(
  admin: Admin,
  at: LetterStream,
  { subject, headers, storedAtMs }: StoredMessage,
  nowMs: number,
): Promise<boolean> {
  const { lane, name: id = "" } = letterNameIn(at, subject) ?? {};
  const [, name] = PART.exec(id) ?? [];
  if (lane === undefined || name === undefined) return false;
  if (nowMs - storedAtMs < ORPHAN_AFTER_MS) return true;
  // The names that the dead letter may have; see `DeadLetterWriter`.
  const of = (headerIn({ headers }, PART_OF_HEADER) ?? "").split(" ").slice(0, 2);
  const heads = of.map((head) => admin.message(at.name, { last_by_subj: letterSubject(at, lane, head) }));
  return (await Promise.all(heads)).some(
    (head) => head !== undefined && headerIn(head, PARTS_HEADER)?.startsWith(`${name} `) === true,
  );
}
