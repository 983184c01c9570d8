import { isDeepStrictEqual } from "node:util";

export interface Difference {
  readonly path: string;
  readonly got: unknown;
  readonly expected: unknown;
}

/** The first place in which two values differ, as deep inside of objects as they are alike. */
export function differenceOf(got: unknown, expected: unknown, path: string): Difference | undefined {
  if (isDeepStrictEqual(got, expected)) return undefined;
  if (isRecord(got) && isRecord(expected)) {
    for (const key of new Set([...Object.keys(expected), ...Object.keys(got)])) {
      const inside = differenceOf(got[key], expected[key], `${path}.${key}`);
      if (inside !== undefined) return inside;
    }
  }
  return { path, got, expected };
}

/** Plain objects, and arrays of such; a list of ids is better seen as a whole. */
function isRecord(value: unknown): value is Record<string, unknown> {
  if (typeof value !== "object" || value === null) return false;
  if (Array.isArray(value)) return value.some(isRecord);
  return Object.getPrototypeOf(value) === Object.prototype;
}
