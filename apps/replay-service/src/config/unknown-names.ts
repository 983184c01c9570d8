import { CONFIG_FILE, isServiceLink, nearest, PREFIX, variableOf } from "./names.ts";
import { settings } from "./schema.ts";
import { type ConfigFile, type Environment, isSection, keysOf } from "./sources.ts";

/** A name that nothing reads is a mistake: a setting that is misspelt is otherwise found in production. */
export function unknownMistakes(env: Environment, file: ConfigFile | undefined): string[] {
  return [...unknownVariables(env), ...(file === undefined ? [] : unknownKeys(file))];
}

function known(): { section: string; key: string }[] {
  return settings().flatMap(({ section, key, setting }) =>
    keysOf(key, setting).map((one) => ({ section, key: one })),
  );
}

function unknownVariables(env: Environment): string[] {
  const names = [CONFIG_FILE, ...known().map(({ section, key }) => variableOf(section, key))];
  return Object.entries(env)
    .filter(
      ([name, value]) =>
        name.startsWith(PREFIX) && !names.includes(name) && !isServiceLink(name, value ?? ""),
    )
    .map(([name]) => `${name}: no such variable${suggestion(name, names)}`)
    .sort();
}

function unknownKeys({ path, sections }: ConfigFile): string[] {
  const all = known();
  const sectionNames = [...new Set(all.map(({ section }) => section))];
  return Object.entries(sections).flatMap(([section, value]) => {
    if (!sectionNames.includes(section)) {
      return [`${section} in ${path}: no such section${suggestion(section, sectionNames)}`];
    }
    if (!isSection(value)) return [`${section} in ${path}: expected an object with settings`];
    const keys = all.filter((one) => one.section === section).map(({ key }) => key);
    return Object.keys(value)
      .filter((key) => !keys.includes(key))
      .map((key) => `${section}.${key} in ${path}: no such setting${suggestion(key, keys)}`);
  });
}

function suggestion(name: string, names: readonly string[]): string {
  const near = nearest(name, names);
  return near === undefined ? "" : `; did you mean ${near}?`;
}
