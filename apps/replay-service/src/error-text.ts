import { isHelixError } from "@helix/core";
import { errorText as textOf } from "@helix/core/internal";
import { variableOf } from "./config/names.ts";
import { SCHEMA } from "./config/schema.ts";

/** As in core, and an option of the queue is called by the variable that an operator sets. */
export function errorText(error: unknown): string {
  return inVariables(error, textOf(error));
}

/** The text of an error, in which an option of the queue is called by the variable that an operator sets. */
export function inVariables(error: unknown, text: string): string {
  if (!isHelixError(error)) return text;
  return text.replace(/`(\w+)`/g, (quoted, option: string) =>
    Object.hasOwn(SCHEMA.queue, option) ? `\`${variableOf("queue", option)}\`` : quoted,
  );
}
