import { isolate } from "@helix/core/internal";

/**
 * The same methods, which neither throw nor return: who counts figures or writes log lines must not change what
 * becomes of a message. There is nobody left to tell.
 */
export function harmless<T extends object>(inner: T, methods: readonly (keyof T & string)[]): T {
  const entries = methods.map((name) => {
    const method = inner[name] as (...args: unknown[]) => unknown;
    const safe = (...args: unknown[]) =>
      isolate(
        () => method.apply(inner, args),
        () => {},
      );
    return [name, safe];
  });
  return Object.fromEntries(entries) as T;
}
