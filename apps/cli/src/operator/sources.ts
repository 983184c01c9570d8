import { readFileSync } from "node:fs";
import { UsageError } from "../failures.ts";
import type { Host } from "../host.ts";

/** What was given on the command line, of that which says who answers. */
export interface Flags {
  readonly url?: string | undefined;
  readonly nats?: string | undefined;
  readonly tokenFile?: string | undefined;
  readonly serverName?: string | undefined;
  readonly allowPlainHttp?: boolean | undefined;
  readonly ca?: string | undefined;
  readonly stream?: string | undefined;
  readonly prefix?: string | undefined;
  readonly creds?: string | undefined;
  readonly config?: string | undefined;
}

/** Where settings come from: flags win over variables, and those over the configuration file of a pod. */
export class Sources {
  readonly flags: Flags;
  readonly env: Host["env"];
  readonly #file: Readonly<Record<string, Readonly<Record<string, unknown>>>>;

  /** @throws UsageError for a configuration file that is none. */
  constructor(flags: Flags, env: Host["env"]) {
    this.flags = flags;
    this.env = env;
    const path = flags.config ?? this.variable("HELIX_CONFIG_FILE");
    this.#file = path === undefined ? {} : configIn(path);
  }

  /** One that is empty is what a template leaves behind for one that was not set. */
  variable(name: string): string | undefined {
    return this.env[name] || undefined;
  }

  inFile(section: string, key: string): unknown {
    return this.#file[section]?.[key];
  }
}

/** The text of a file, without the end of its line. @throws UsageError where it cannot be read, or holds nothing. */
export function textIn(path: string, from: string): string {
  let text: string;
  try {
    text = readFileSync(path, "utf8").replace(/\r?\n$/, "");
  } catch (error) {
    const { code = "" } = error as { code?: string };
    throw new UsageError(
      `${from}: expected the path of a file that can be read, got ${JSON.stringify(path)} (${code})`,
    );
  }
  if (text !== "") return text;
  throw new UsageError(`${from}: expected a file with something in it, and ${JSON.stringify(path)} is empty`);
}

function configIn(path: string): Readonly<Record<string, Readonly<Record<string, unknown>>>> {
  const text = textIn(path, "the configuration file");
  let sections: unknown;
  try {
    sections = JSON.parse(text);
  } catch {
    // It quotes what it has read, a password perhaps.
  }
  if (typeof sections === "object" && sections !== null && Object.values(sections).every(isSection)) {
    return sections as Record<string, Record<string, unknown>>;
  }
  throw new UsageError(
    `Expected ${JSON.stringify(path)} to hold the configuration of a pod: a JSON object with a section each`,
  );
}

function isSection(value: unknown): boolean {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
