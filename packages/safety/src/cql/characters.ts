const SPACE = 1;
const DIGIT = 2;
const LETTER = 4;
const HEX = 8;
export const CAPITAL = 16;
const UNDERSCORE = 32;

/** What each character of ASCII is; all others are nothing to the server outside quotes. */
const classes = new Uint8Array(128);
for (const char of " \t\n\r") classes[char.charCodeAt(0)] = SPACE;
for (const char of "0123456789") classes[char.charCodeAt(0)] = DIGIT | HEX;
for (const char of "abcdefghijklmnopqrstuvwxyz") {
  const kind = char <= "f" ? LETTER | HEX : LETTER;
  classes[char.charCodeAt(0)] = kind;
  classes[char.toUpperCase().charCodeAt(0)] = kind | CAPITAL;
}
classes["_".charCodeAt(0)] = UNDERSCORE;

/** The class of a code unit; 0 for what is not ASCII, and for NaN, which `charCodeAt` has behind the end. */
export function classOf(code: number): number {
  return code < 128 ? (classes[code] as number) : 0;
}

export function isSpace(code: number): boolean {
  return (classOf(code) & SPACE) !== 0;
}

export function isDigit(code: number): boolean {
  return (classOf(code) & DIGIT) !== 0;
}

export function isLetter(code: number): boolean {
  return (classOf(code) & LETTER) !== 0;
}

export function isHex(code: number): boolean {
  return (classOf(code) & HEX) !== 0;
}

/** What may follow in a name that began with a letter. */
export function isOfName(code: number): boolean {
  return (classOf(code) & (LETTER | DIGIT | UNDERSCORE)) !== 0;
}
