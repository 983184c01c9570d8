import { describeValue, type Option, optional, text } from "@helix/core/internal";

/** One line of the configuration: an option that a text can say. Of a path, the file is read elsewhere. */
export type Setting<T> = Option<T>;

/** From an environment variable; undefined if it is none of what is expected. */
export function parse<T>(setting: Setting<T>, given: string): T | undefined {
  switch (setting.kind) {
    case "integer":
      return /^-?\d{1,16}$/.test(given) ? accept(setting, Number(given)) : undefined;
    case "boolean":
      return given === "true" || given === "false" ? accept(setting, given === "true") : undefined;
    case "list":
      return accept(
        setting,
        given.split(",").map((item) => item.trim()),
      );
    default:
      return accept(setting, given);
  }
}

/** From JSON; undefined if it is none of what is expected. */
export function accept<T>(setting: Setting<T>, value: unknown): T | undefined {
  try {
    return setting.check(value, "");
  } catch {
    return undefined;
  }
}

/** Reads a secret from where it is. Throws what reading a file throws. */
export type Secret = () => string;

export function secret(about: string): Setting<Secret | undefined> {
  const { fallback: _, check, ...facts } = text({ secret: true, about });
  return optional({
    ...facts,
    check(given, name) {
      const read = check(given, name);
      return () => read;
    },
  });
}

export function file(about: string): Setting<string | undefined> {
  return optional(text({ file: true, about }));
}

/** Longer texts are cut out of a mistake, not quoted. */
const MAX_QUOTED = 60;

/** A value as a mistake shows it: of a secret, and of what may hold a password, nothing. */
export function quote(setting: Pick<Setting<unknown>, "secret">, value: unknown): string {
  if (setting.secret) return "a value that is not shown";
  const texts: unknown[] = Array.isArray(value) ? value : [value];
  if (texts.some((one) => typeof one === "string" && one.includes("@"))) {
    return "a value that is not shown, since it may hold a password";
  }
  if (typeof value === "string") {
    return value.length <= MAX_QUOTED ? JSON.stringify(value) : `a text of ${value.length} characters`;
  }
  if (Array.isArray(value) && JSON.stringify(value).length <= MAX_QUOTED) return JSON.stringify(value);
  return describeValue(value);
}
