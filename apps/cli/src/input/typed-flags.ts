import type { SessionFlags } from "../session.ts";
import { quoted } from "./filter-flags.ts";

/** Whom to ask, and who asks. */
const FLAGS = [
  "url",
  "tokenFile",
  "serverName",
  "allowPlainHttp",
  "nats",
  "stream",
  "prefix",
  "creds",
  "ca",
  "config",
  "by",
] as const satisfies readonly (keyof SessionFlags)[];

/**
 * What to type next, with the flags by which this command was told whom to ask: without them it would ask somebody else, or nobody. One that names
 * somebody stays as it is.
 */
export function withFlags(command: string, flags: SessionFlags): string {
  if (!command.startsWith("helix ") || / --(url|nats)\b/.test(command)) return command;
  const given = FLAGS.flatMap((name) => {
    const [value, flag] = [flags[name], `--${name.replace(/[A-Z]/g, (one) => `-${one.toLowerCase()}`)}`];
    if (value === undefined || value === false) return [];
    return value === true ? [` ${flag}`] : [` ${flag} ${quoted(value)}`];
  });
  return `${command}${given.join("")}`;
}
