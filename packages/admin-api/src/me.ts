import { z } from "zod";
import { RIGHTS } from "./rights.ts";

export const me = z
  .object({
    rights: z.array(z.enum(RIGHTS)).describe("What the token is good for."),
    runbookUrl: z
      .string()
      .optional()
      .describe(
        "Where people read what to do: of a warning under `#` and its `code`. Absent: nobody has said.",
      ),
  })
  .meta({ id: "Me" });
