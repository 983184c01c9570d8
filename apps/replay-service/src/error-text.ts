import { isHelixError } from "@helix/core";
import { errorText as textOf } from "@helix/core/internal";
import { variableOf } from "./config/names.ts";
import { SCHEMA } from "./config/schema.ts";

/** As in core, and an option of the queue is called by the variable that an operator sets. */
export function errorText(error: unknown): string {
  const text = textOf(error);
  if (!isHelixError(error)) return text;
  return text.replace(/`(\w+)`/g, (quoted, option: string) =>
    Object.hasOwn(SCHEMA.queue, option) ? `\`${variableOf("queue", option)}\`` : quoted,
  );
}
