import { type HelixErrorCode, type HelixErrors, isHelixError } from "@helix/core";
import { errorText } from "../error-text.ts";
import { ApiRefusal, apiRefusal } from "./api-refusal.ts";

/** What the queue and the control store refuse, as HTTP says it. Others are faults. */
const STATUS: Partial<Record<HelixErrorCode, number>> = {
  HELIX_FILTER_INVALID: 400,
  HELIX_CURSOR_INVALID: 400,
  HELIX_DEAD_LETTER_NOT_FOUND: 404,
  HELIX_CONTROL_CONFLICT: 409,
  HELIX_GATE_REFUSED: 409,
  HELIX_REDRIVE_NEEDS_FORCE: 409,
  HELIX_QUEUE_FULL: 409,
  HELIX_QUEUE_CLOSED: 503,
  HELIX_QUEUE_UNAVAILABLE: 503,
  HELIX_QUEUE_UNAUTHORIZED: 503,
};

/** What is answered instead; undefined for a fault, which the caller does not hear of. */
export function refusalOf(error: unknown): ApiRefusal | undefined {
  if (error instanceof ApiRefusal) return error;
  if (isHelixError(error)) {
    const status = STATUS[error.code];
    if (status === undefined) return undefined;
    const { code, found } = error as typeof error & Partial<HelixErrors["HELIX_CONTROL_CONFLICT"]>;
    const current = found && { revision: found.revision, value: found.value };
    return new ApiRefusal(status, { code, message: errorText(error), current });
  }
  const { code = "", message = "" } = Object(error) as { code?: string; message?: string };
  switch (code) {
    case "FST_ERR_CTP_BODY_TOO_LARGE":
      return apiRefusal("HELIX_API_BODY_TOO_LARGE");
    case "FST_ERR_CTP_INVALID_MEDIA_TYPE":
      return apiRefusal("HELIX_API_NOT_JSON");
    case "FST_ERR_CTP_EMPTY_JSON_BODY":
    case "FST_ERR_CTP_INVALID_JSON_BODY":
    case "FST_ERR_CTP_INVALID_CONTENT_LENGTH":
      return apiRefusal("HELIX_API_REQUEST_UNREADABLE");
    case "FST_ERR_BAD_URL":
    case "FST_ERR_MAX_PARAM_LENGTH":
      return apiRefusal("HELIX_API_PATH_UNKNOWN");
  }
  // How the packages refuse what a caller gives them.
  if (
    (error instanceof TypeError || error instanceof RangeError) &&
    /^(Expected|Unknown option) `/.test(message)
  ) {
    return apiRefusal("HELIX_API_REQUEST_INVALID", { message });
  }
  return undefined;
}
