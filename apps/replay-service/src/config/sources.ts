import { errorText } from "../error-text.ts";
import { CONFIG_FILE, variableOf } from "./names.ts";
import type { Setting } from "./setting.ts";

/** A value as it was given, not yet looked at. */
export interface Given {
  /** As the operator knows the place: a variable, or a key and its file. */
  readonly place: string;
  /** For `--check`. */
  readonly source: string;
  readonly value: unknown;
  /** From a variable, so a text to be parsed. */
  readonly isText: boolean;
  /** Of a secret: not itself, but the path of a file that holds it. */
  readonly isSecretFile: boolean;
}

export type Environment = Readonly<Record<string, string | undefined>>;
export type ReadFile = (path: string) => string;

/** Where settings come from: variables win over the file. */
export class Sources {
  readonly #env: Environment;
  readonly #file: ConfigFile | undefined;

  constructor(env: Environment, file: ConfigFile | undefined) {
    this.#env = env;
    this.#file = file;
  }

  /** All places of the strongest source that gives this setting: one, or a secret and its file at once. */
  find(section: string, key: string, setting: Setting<unknown>): Given[] {
    const keys = keysOf(key, setting);
    const places = keys.map((one) => ({ one, place: variableOf(section, one), isSecretFile: one !== key }));
    const given = places.flatMap(({ place, isSecretFile }): Given[] => {
      const value = this.#env[place];
      // A variable that is empty is what a template leaves behind for one that was not set.
      if (value === undefined || value === "") return [];
      return [{ place, source: "environment", value, isText: true, isSecretFile }];
    });
    if (given.length > 0) return given;
    return places.flatMap(({ one, isSecretFile }): Given[] => {
      const value = this.#file?.get(section, one);
      if (value === undefined || this.#file === undefined) return [];
      const { path } = this.#file;
      return [{ place: `${section}.${one} in ${path}`, source: path, value, isText: false, isSecretFile }];
    });
  }
}

/** The sections of a configuration file. */
export class ConfigFile {
  readonly path: string;
  readonly sections: Readonly<Record<string, unknown>>;

  private constructor(path: string, sections: Readonly<Record<string, unknown>>) {
    this.path = path;
    this.sections = sections;
  }

  /** The file, or what is wrong with it as a whole. */
  static read(path: string, readFile: ReadFile): ConfigFile | string {
    let text: string;
    try {
      text = readFile(path);
    } catch (error) {
      return `${CONFIG_FILE}: expected the path of a file that can be read, got ${JSON.stringify(path)} (${errorText(error)})`;
    }
    try {
      const sections: unknown = JSON.parse(text);
      if (isSection(sections)) return new ConfigFile(path, sections);
    } catch {
      // JSON.parse quotes what it read, a password perhaps.
    }
    return `${CONFIG_FILE}: expected ${JSON.stringify(path)} to hold a JSON object with a section each for nats, queue and so on`;
  }

  get(section: string, key: string): unknown {
    const keys = this.sections[section];
    return isSection(keys) && Object.hasOwn(keys, key) ? keys[key] : undefined;
  }
}

/** A setting's name, and for a secret that of the path of its file as well. */
export function keysOf(key: string, setting: Setting<unknown>): string[] {
  return setting.secret ? [key, `${key}File`] : [key];
}

export function isSection(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
