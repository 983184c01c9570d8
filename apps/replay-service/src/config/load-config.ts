import { takes } from "@helix/core/internal";
import { errorText } from "../error-text.ts";
import { CONFIG_FILE, variableOf } from "./names.ts";
import { combinedMistakes } from "./rules.ts";
import { type ServiceConfig, settings } from "./schema.ts";
import { accept, parse, quote, type Setting } from "./setting.ts";
import { ConfigFile, type Environment, type Given, type ReadFile, Sources } from "./sources.ts";
import { unknownMistakes } from "./unknown-names.ts";

export interface LoadedConfig {
  readonly config: ServiceConfig;
  /**
   * Where each value came from, by variable: `environment`, the path of the configuration file, or `default`.
   */
  readonly origins: ReadonlyMap<string, string>;
}

/** Everything that is wrong with a configuration, one sentence each. No secret is in any. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
  readonly mistakes: readonly string[];

  constructor(mistakes: readonly string[]) {
    super(mistakes.join("\n"));
    this.mistakes = mistakes;
  }
}

/**
 * The configuration from variables and, if `HELIX_CONFIG_FILE` names one, a JSON file; variables win.
 *
 * @throws ConfigError with every mistake at once.
 */
export function loadConfig(env: Environment, readFile: ReadFile): LoadedConfig {
  const mistakes: string[] = [];
  const wrong = new Set<string>();
  let file: ConfigFile | undefined;
  const path = env[CONFIG_FILE] || undefined;
  if (path !== undefined) {
    const read = ConfigFile.read(path, readFile);
    if (typeof read === "string") mistakes.push(read);
    else file = read;
  }
  const sources = new Sources(env, file);
  const config: Record<string, Record<string, unknown>> = {};
  const origins = new Map<string, string>();
  for (const { section, key, setting } of settings()) {
    const keys = config[section] ?? {};
    config[section] = keys;
    const variable = variableOf(section, key);
    const [given, other] = sources.find(section, key, setting);
    if (given === undefined) {
      keys[key] = setting.fallback;
      // What is in a file that cannot be read is not missing.
      if (setting.required && (path === undefined || file !== undefined)) {
        mistakes.push(`${variable}: expected ${takes(setting)}, got nothing`);
      }
    } else if (other !== undefined) {
      wrong.add(variable);
      mistakes.push(`${given.place}: expected to be given alone, got ${other.place} as well`);
    } else {
      const read = readSetting(setting, given, readFile);
      if ("value" in read) {
        keys[key] = read.value;
      } else {
        wrong.add(variable);
        mistakes.push(read.mistake);
      }
    }
    origins.set(variable, given?.source ?? "default");
  }
  const read = config as unknown as ServiceConfig;
  mistakes.push(...unknownMistakes(env, file), ...combinedMistakes(read, wrong, readFile));
  if (mistakes.length > 0) throw new ConfigError(mistakes);
  return { config: read, origins };
}

type Read = { readonly value: unknown } | { readonly mistake: string };

function readSetting(setting: Setting<unknown>, given: Given, readFile: ReadFile): Read {
  const { place, value, isText, isSecretFile } = given;
  const read = isText ? parse(setting, value as string) : accept(setting, value);
  if (read === undefined) {
    return { mistake: `${place}: expected ${takes(setting)}, got ${quote(setting, value)}` };
  }
  if (!setting.file && !isSecretFile) return { value: read };
  const path = value as string;
  const name = JSON.stringify(path);
  let content: string;
  try {
    content = readFile(path);
  } catch (error) {
    return {
      mistake: `${place}: expected the path of a file that can be read, got ${name} (${errorText(error)})`,
    };
  }
  if (setting.file) return { value: read };
  if (withoutLineEnd(content) !== "") return { value: () => withoutLineEnd(readFile(path)) };
  return {
    mistake: `${place}: expected the path of a file that holds the secret, got ${name}, which is empty`,
  };
}

/** Editors and `echo` end the line. */
function withoutLineEnd(content: string): string {
  return content.replace(/\r?\n$/, "");
}
