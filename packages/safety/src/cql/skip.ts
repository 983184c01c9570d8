import { isSpace } from "./characters.ts";
import { Unreadable } from "./unreadable.ts";

const STAR = 42;
const MINUS = 45;
const SLASH = 47;
const LF = 10;
const CR = 13;
const DOLLAR = 36;

/** Behind blanks and comments. Comments do not nest, and quotes mean nothing in them. */
export function blankEnd(text: string, from: number): number {
  for (let at = from; ; ) {
    const code = text.charCodeAt(at);
    if (isSpace(code)) {
      at++;
      continue;
    }
    if (code !== SLASH && code !== MINUS) return at;
    const next = text.charCodeAt(at + 1);
    if (next === code) at = lineEnd(text, at);
    else if (code === SLASH && next === STAR) at = commentEnd(text, at);
    else return at;
  }
}

/** The server refuses a comment without an end of line. A CR ends it as an LF does: what follows is no comment. */
function lineEnd(text: string, from: number): number {
  for (let at = from + 2; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === LF || code === CR) return at + 1;
  }
  throw new Unreadable(from, "The comment that begins here has no end of line: no server takes it.");
}

function commentEnd(text: string, from: number): number {
  const end = text.indexOf("*/", from + 2);
  if (end < 0) throw new Unreadable(from, "The comment that begins here has no end.");
  return end + 2;
}

/** Behind `'…'` or `"…"`, where a doubled quote ends nothing. */
export function quoteEnd(text: string, from: number, quote: "'" | '"'): number {
  const code = quote.charCodeAt(0);
  for (let at = from + 1; ; at += 2) {
    at = text.indexOf(quote, at);
    if (at < 0) throw endless(from);
    if (text.charCodeAt(at + 1) !== code) return at + 1;
  }
}

/** Behind `$$…$$`, which the first `$$` ends. */
export function dollarsEnd(text: string, from: number): number {
  const end = text.charCodeAt(from + 1) === DOLLAR ? text.indexOf("$$", from + 2) : -1;
  if (end < 0) throw endless(from);
  return end + 2;
}

function endless(at: number): Unreadable {
  return new Unreadable(at, "The quote that begins here has no end.");
}
