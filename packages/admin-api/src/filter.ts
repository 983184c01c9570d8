import { DEAD_LETTER_FILTER, type DeadLetterFilter } from "@helix/core";
import type { Option } from "@helix/core/internal";
import { z } from "zod";

/** Longer than any name of a table, code or part of a text. */
const MAX_TEXT = 256;

/** The conditions of a filter of dead letters, as `@helix/core` declares them: whether they make sense together is checked there. */
export const FILTER_SHAPE = Object.fromEntries(
  Object.entries<Option<unknown>>(DEAD_LETTER_FILTER).map(([name, option]) => [
    name,
    typeOf(option).optional().describe(option.about),
  ]),
) as unknown as {
  readonly [K in keyof DeadLetterFilter]-?: z.ZodOptional<z.ZodType<NonNullable<DeadLetterFilter[K]>>>;
};

function typeOf({ kind, values = [], min = 0 }: Option<unknown>): z.ZodType {
  switch (kind) {
    case "integer":
      return z.int().min(min);
    case "boolean":
      return z.boolean();
    case "choice":
      return z.enum(values);
    case "list":
      return z.array(z.string().min(1).max(MAX_TEXT)).min(1).max(1000);
    default:
      return z.string().min(1).max(MAX_TEXT);
  }
}
