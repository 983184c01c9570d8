export function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

/** Undefined where there is no such member, or nothing that could have one. */
export function member(value: unknown, name: string): unknown {
  return isObject(value) ? (value as Record<string, unknown>)[name] : undefined;
}
