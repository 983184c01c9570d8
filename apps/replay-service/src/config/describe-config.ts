import { defaultOf, takes } from "@helix/core/internal";
import type { LoadedConfig } from "./load-config.ts";
import { CONFIG_FILE, variableOf } from "./names.ts";
import { settings } from "./schema.ts";

/**
 * The effective configuration, a variable per line, as an environment file has it; secrets masked. What has
 * no value is a comment.
 */
export function describeConfig({ config, origins }: LoadedConfig): string {
  const values = config as unknown as Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  const lines = settings().map(({ section, key, setting }) => {
    const name = variableOf(section, key);
    const value = values[section]?.[key];
    if (value === undefined) return `# ${name} is not set`;
    return `${name}=${setting.secret ? "***" : String(value)}  # ${origins.get(name)}`;
  });
  return `${lines.join("\n")}\n`;
}

/** The table of the README. */
export function settingsTable(): string {
  const rows = settings().map(({ section, key, setting }) => {
    const variable = variableOf(section, key);
    const names = setting.secret ? `\`${variable}\` or \`${variable}_FILE\`` : `\`${variable}\``;
    return `| ${names} | \`${section}.${key}\` | ${defaultOf(setting)} | ${takes(setting)} | ${setting.about} |`;
  });
  return [
    "| variable | in the file | default | takes | |",
    "|---|---|---|---|---|",
    `| \`${CONFIG_FILE}\` | | | the path of a JSON file | More settings, as \`{ "worker": { "batchSize": 50 } }\`. Variables win. |`,
    ...rows,
    "",
  ].join("\n");
}
