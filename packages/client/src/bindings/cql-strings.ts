import { isIP } from "node:net";

/*
 * Strings for columns that are no text. The driver reads what it understands of them and drops the rest
 * without a word (`12abc` is 12, `garbage` midnight): these say whether it understands all. No pattern may try a text
 * in more ways than it has characters: these are texts of end users.
 */

export function isWholeNumber(text: string): boolean {
  return /^[+-]?\d+$/.test(text);
}

/** Without exponent, which the driver takes for the end of the number. */
export function isDecimal(text: string): boolean {
  return /^[+-]?(\d+(\.\d*)?|\.\d+)$/.test(text);
}

/** With exponent, and the infinities. */
export function isFloat(text: string): boolean {
  return (
    /^[+-]?((\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?|Infinity)$/i.test(text) && !Number.isNaN(Number.parseFloat(text))
  );
}

const CALENDAR_DATE = /^(-?\d{4,})-(\d\d)-(\d\d)$/;

/** A date of the calendar, or days since 1970. */
export function isDate(text: string): boolean {
  if (isWholeNumber(text)) return Math.abs(Number(text) + 0.5) < 2 ** 31 && !text.startsWith("+");
  const [, year, month, day] = CALENDAR_DATE.exec(text) ?? [];
  return year !== undefined && isDay(Number(year), Number(month), Number(day));
}

/** The 30th of February is the 1st of March to the driver. */
function isDay(year: number, month: number, day: number): boolean {
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  return date.getUTCFullYear() === year && date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
}

const TIME = /^(\d\d?):(\d\d?)(?::(\d\d?)(?:\.\d{1,9})?)?$/;

export function isTimeOfDay(text: string): boolean {
  const [, hours, minutes, seconds = "0"] = TIME.exec(text) ?? [];
  return hours !== undefined && Number(hours) < 24 && Number(minutes) < 60 && Number(seconds) < 60;
}

/** Of a time, its zone is part: one without is local, and another instant on another machine. */
const INSTANT = /^(\d{4}|[+-]\d{6})-(\d\d)-(\d\d)(T\d\d:\d\d(:\d\d(\.\d{1,3})?)?(Z|[+-]\d\d:\d\d))?$/;

export function isInstant(text: string): boolean {
  const [, year, month, day] = INSTANT.exec(text) ?? [];
  return (
    year !== undefined &&
    isDay(Number(year), Number(month), Number(day)) &&
    !Number.isNaN(new Date(text).getTime())
  );
}

export function isUuid(text: string): boolean {
  return /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i.test(text);
}

/** Of IPv6 addresses that end like one of IPv4, the driver knows only mapped ones; and no zones. */
export function isInetAddress(text: string): boolean {
  const version = isIP(text);
  if (version !== 6) return version === 4;
  return (
    !text.includes("%") && (!text.includes(".") || /^((0{1,4}:){5}|::(0{1,4}:){0,4})ffff:[\d.]+$/i.test(text))
  );
}
