import { readError } from "@helix/client";
import { isHelixError } from "@helix/core";
import { variableOf } from "./config/names.ts";
import { SCHEMA } from "./config/schema.ts";

/** Without values; an option of the queue is called by the variable that an operator sets. */
export function errorText(error: unknown): string {
  const { text } = readError(error);
  if (!isHelixError(error)) return text;
  return text.replace(/`(\w+)`/g, (quoted, option: string) =>
    Object.hasOwn(SCHEMA.queue, option) ? `\`${variableOf("queue", option)}\`` : quoted,
  );
}
