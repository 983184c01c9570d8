import { isDigit, isHex } from "./characters.ts";

/** A literal that ends at `end`; or is broken off there. */
export interface Literal {
  readonly kind: "integer" | "float" | "uuid" | "blob" | "duration" | "broken";
  readonly end: number;
}

const UUID_LENGTH = 36;
const MINUS = 45;
const DOT = 46;
const D = 100;
const E = 101;
const X = 120;
const MICRO = 0xb5;

/**
 * The literal that begins with a digit at `at`, or with the minus before it at `start`. The server decides by the way that goes on
 * longest: `1IF` is a number and a word, `1AND` a UUID that breaks off.
 */
export function numberAt(text: string, start: number): Literal {
  const at = text.charCodeAt(start) === MINUS ? start + 1 : start;
  const digits = digitsEnd(text, at);
  const number = otherThanUuid(text, start, digits);
  // Only where hexadecimal letters or a minus follow can it be one.
  if (at === start && digits - at <= 8 && (isHex(text.charCodeAt(digits)) || digits - at === 8)) {
    const uuid = uuidPrefix(text, at);
    if (uuid > number.end - at) {
      return { kind: uuid === UUID_LENGTH ? "uuid" : "broken", end: at + uuid };
    }
  }
  return number;
}

/** Whether a name of eight hexadecimal letters, with a minus behind it, is the beginning of a UUID for the server. */
export function uuidAt(text: string, at: number, end: number): Literal | undefined {
  if (end - at !== 8 || text.charCodeAt(end) !== MINUS) return undefined;
  const uuid = uuidPrefix(text, at);
  if (uuid <= 8) return undefined;
  return { kind: uuid === UUID_LENGTH ? "uuid" : "broken", end: at + uuid };
}

function otherThanUuid(text: string, start: number, digits: number): Literal {
  const next = text.charCodeAt(digits) | 32;
  if (text.charCodeAt(digits) === DOT) {
    // `1..2` is a range: two numbers.
    if (text.charCodeAt(digits + 1) === DOT && text.charCodeAt(digits + 2) !== DOT) {
      return { kind: "integer", end: digits };
    }
    return exponent(text, digitsEnd(text, digits + 1));
  }
  if (next === E) return exponent(text, digits);
  if (next === X && digits - start === 1 && text.charCodeAt(start) === 48) {
    let end = digits + 1;
    while (isHex(text.charCodeAt(end))) end++;
    return { kind: "blob", end };
  }
  if (unitEnd(text, digits) !== digits) return durationRest(text, digits);
  return { kind: "integer", end: digits };
}

function exponent(text: string, at: number): Literal {
  if ((text.charCodeAt(at) | 32) !== E) return { kind: "float", end: at };
  const sign = text.charCodeAt(at + 1);
  const from = sign === MINUS || sign === 43 ? at + 2 : at + 1;
  const end = digitsEnd(text, from);
  return { kind: end === from ? "broken" : "float", end };
}

/** `2d3h` behind its first digits. */
function durationRest(text: string, digits: number): Literal {
  for (let at = digits; ; ) {
    const unit = unitEnd(text, at);
    if (unit <= at) return { kind: "broken", end: at };
    at = digitsEnd(text, unit);
    if (at === unit) return { kind: "duration", end: unit };
  }
}

/** Behind the unit that stands there: `at` if there is none, −1 if it breaks off. */
function unitEnd(text: string, at: number): number {
  const code = text.charCodeAt(at);
  const next = text.charCodeAt(at + 1) | 32;
  if (code === MICRO) return next === 115 ? at + 2 : -1;
  switch (code | 32) {
    case 109: // m, mo, ms
      return next === 111 || next === 115 ? at + 2 : at + 1;
    case 117: // us
    case 110: // ns
      return next === 115 ? at + 2 : -1;
    case 121: // y
    case 119: // w
    case D:
    case 104: // h
    case 115: // s
      return at + 1;
    default:
      return at;
  }
}

/** How many characters from there could begin a UUID. */
function uuidPrefix(text: string, at: number): number {
  let length = 0;
  while (length < UUID_LENGTH) {
    const code = text.charCodeAt(at + length);
    const isDash = length === 8 || length === 13 || length === 18 || length === 23;
    if (isDash ? code !== MINUS : !isHex(code)) break;
    length++;
  }
  return length;
}

/** Behind the duration `P…` of ISO 8601 that begins there; −1 if it breaks off. */
export function isoDurationEnd(text: string, at: number): number {
  if (isCalendar(text, at)) return calendarEnd(text, at);
  const days = partsEnd(text, at + 1, "YMD");
  if (days === at + 1) {
    const weeks = digitsEnd(text, days);
    if (weeks !== days) return text[weeks] === "W" ? weeks + 1 : -1;
  }
  if (days < 0 || text[days] !== "T") return days === at + 1 ? -1 : days;
  const times = partsEnd(text, days + 1, "HMS");
  return times === days + 1 ? -1 : times;
}

/** `P0001-`, which is a duration in the form of a date for the server, or breaks off. */
export function isCalendar(text: string, at: number): boolean {
  return digitsEnd(text, at + 1) === at + 5 && text.charCodeAt(at + 5) === MINUS;
}

/** Behind numbers with one of the designators each, in their order; `at` where not even the first fits, −1 where a later one does not. */
function partsEnd(text: string, at: number, designators: string): number {
  let from = 0;
  for (let end = at; ; ) {
    const digits = digitsEnd(text, end);
    if (digits === end) return end;
    const found = designators.indexOf(text.charAt(digits), from);
    if (found < 0 || digits === text.length) return end === at ? at : -1;
    from = found + 1;
    end = digits + 1;
  }
}

/** `P0001-03-02T12:10:05` */
function calendarEnd(text: string, at: number): number {
  const form = "P0000-00-00T00:00:00";
  for (let i = 0; i < form.length; i++) {
    const code = text.charCodeAt(at + i);
    if (form[i] === "0" ? !isDigit(code) : code !== form.charCodeAt(i)) return -1;
  }
  return at + form.length;
}

function digitsEnd(text: string, at: number): number {
  let end = at;
  while (isDigit(text.charCodeAt(end))) end++;
  return end;
}
