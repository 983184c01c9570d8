/** A piece of CQL text. `word` is lower-cased; `quoted` is the name inside the double quotes. */
export interface CqlToken {
  readonly kind: "word" | "quoted" | "string" | "number" | "marker" | "symbol";
  readonly text: string;
  /** Where it begins in the query. */
  readonly at: number;
}

const SPACE = /\s/;
const WORD_START = /[A-Za-z_]/;
const WORD = /[A-Za-z0-9_]/;
const DIGIT = /[0-9]/;
const NUMBER = /[0-9A-Za-z.]/;

/**
 * Splits CQL into tokens in a single pass, without understanding it: strings (`'…'`, `$$…$$`), quoted names
 * and comments (to the end of the line, or between slash-asterisk and asterisk-slash) are what makes looking
 * at the raw text unsafe. An unterminated one runs to the end; the server refuses such a text by itself.
 */
export function* cqlTokens(query: string): Generator<CqlToken, void, void> {
  let at = 0;
  while (at < query.length) {
    const start = at;
    const char = query.charAt(at);
    const pair = query.slice(at, at + 2);
    if (SPACE.test(char)) {
      at++;
    } else if (pair === "--" || pair === "//") {
      at = endOf(query, "\n", at + 2);
    } else if (pair === "/*") {
      at = endOf(query, "*/", at + 2);
    } else if (pair === "$$") {
      at = endOf(query, "$$", at + 2);
      yield { kind: "string", text: "", at: start };
    } else if (char === "'" || char === '"') {
      at = endOfQuoted(query, char, start + 1);
      const inner = query.slice(start + 1, at - 1).replaceAll('""', '"');
      yield char === "'"
        ? { kind: "string", text: "", at: start }
        : { kind: "quoted", text: inner, at: start };
    } else if (WORD_START.test(char)) {
      while (at < query.length && WORD.test(query.charAt(at))) at++;
      yield { kind: "word", text: query.slice(start, at).toLowerCase(), at: start };
    } else if (DIGIT.test(char)) {
      while (at < query.length && NUMBER.test(query.charAt(at))) at++;
      yield { kind: "number", text: query.slice(start, at), at: start };
    } else {
      at++;
      yield { kind: char === "?" ? "marker" : "symbol", text: char, at: start };
    }
  }
}

function endOf(query: string, terminator: string, from: number): number {
  const found = query.indexOf(terminator, from);
  return found < 0 ? query.length : found + terminator.length;
}

/** CQL doubles a quote to put it inside a quoted text. */
function endOfQuoted(query: string, quote: string, from: number): number {
  let at = from;
  for (;;) {
    const found = query.indexOf(quote, at);
    if (found < 0) return query.length + 1;
    if (query.charAt(found + 1) !== quote) return found + 1;
    at = found + 2;
  }
}
