import { z } from "zod";

/** What the API itself refuses, by code; what the queue refuses has the codes of `@helix/core`. */
export const API_ERRORS = {
  HELIX_API_TOKEN_REFUSED: [401, "No token, or none that is known. Also where there is no such path."],
  HELIX_API_RIGHT_MISSING: [403, "The token has not the right that `right` names."],
  HELIX_API_HOST_REFUSED: [
    403,
    "`Host` is none of the names that the API answers to; `HELIX_ADMIN_ALLOWED_HOSTS` of the pod adds some.",
  ],
  HELIX_API_ORIGIN_REFUSED: [
    403,
    "`Origin` is a page that the API does not answer; `HELIX_ADMIN_ALLOWED_ORIGINS` of the pod adds some.",
  ],
  HELIX_API_PATH_UNKNOWN: [404, "No such path."],
  HELIX_API_METHOD_REFUSED: [405, "The path has other methods; `Allow` names them."],
  HELIX_API_REQUEST_INVALID: [400, "What was sent is not as described; `issues` says where."],
  HELIX_API_REQUEST_UNREADABLE: [400, "The body is no JSON."],
  HELIX_API_BODY_TOO_LARGE: [413, "The body has more than 64 KiB. It was not read."],
  HELIX_API_NOT_JSON: [415, "A change is sent as `application/json`, in UTF-8 and not compressed."],
  HELIX_API_KEY_REUSED: [422, "Another change has been made with that `Idempotency-Key`."],
  HELIX_API_REFUSED_OFTEN: [
    429,
    "Ten requests of this address had no token that is known: it waits for the rest of a minute.",
  ],
  HELIX_API_INTERNAL: [500, "A fault of the pod. Its log has it."],
  HELIX_API_BUSY: [503, "Ten requests are being answered, or a hundred were within this second."],
  HELIX_API_NOT_OPEN: [503, "The queue is not open yet, or not any more."],
  HELIX_API_STOPPING: [503, "The pod stops: it takes no changes."],
  HELIX_API_TIMEOUT: [504, "The answer took longer than 30 s. A change may have been made all the same."],
} as const satisfies Readonly<Record<string, readonly [status: number, about: string]>>;

/** What the queue, the control store and jobs refuse, by code: `HelixErrors` of `@helix/core` says what each means. Others are faults. */
export const PASSED_ON: Readonly<Record<string, number>> = {
  HELIX_FILTER_INVALID: 400,
  HELIX_CURSOR_INVALID: 400,
  HELIX_DEAD_LETTER_NOT_FOUND: 404,
  HELIX_JOB_NOT_FOUND: 404,
  HELIX_CONTROL_CONFLICT: 409,
  HELIX_GATE_REFUSED: 409,
  HELIX_JOB_COUNT_DIFFERS: 409,
  HELIX_JOB_ENDED: 409,
  HELIX_JOBS_FULL: 409,
  HELIX_JOB_KEY_REUSED: 422,
  HELIX_ORDER_KEY_REUSED: 422,
  HELIX_QUEUE_CLOSED: 503,
  HELIX_QUEUE_OVERLOADED: 503,
  HELIX_QUEUE_REFUSED: 503,
  HELIX_QUEUE_TIMEOUT: 504,
  HELIX_QUEUE_UNAVAILABLE: 503,
  HELIX_QUEUE_UNAUTHORIZED: 503,
};

export type ApiErrorCode = keyof typeof API_ERRORS;

/** The body of each answer that is not 2xx. */
export const apiError = z
  .object({
    error: z.object({
      code: z.string().describe("What a program acts on."),
      message: z.string().describe("For a person. It quotes nothing that was bound to a statement."),
      issues: z
        .array(z.object({ path: z.string(), message: z.string() }))
        .optional()
        .describe("Each thing that is wrong with what was sent."),
      right: z.string().optional().describe("The right that is missing."),
      count: z.number().optional().describe("How many letters there are now, at least."),
      current: z.unknown().optional().describe("What somebody else has made of it."),
    }),
  })
  .meta({ id: "Error" });

export type ApiErrorBody = z.infer<typeof apiError>;
