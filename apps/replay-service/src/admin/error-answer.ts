import { PASSED_ON } from "@helix/admin-api";
import { type HelixErrors, isHelixError } from "@helix/core";
import { errorText } from "../error-text.ts";
import { ApiRefusal, apiRefusal } from "./api-refusal.ts";

/** Of errors of several codes, what whoever asked acts on. */
type Fields = Partial<HelixErrors["HELIX_CONTROL_CONFLICT"] & HelixErrors["HELIX_JOB_COUNT_DIFFERS"]>;

/** What is answered instead; undefined for a fault, which the caller does not hear of. */
export function refusalOf(error: unknown): ApiRefusal | undefined {
  if (error instanceof ApiRefusal) return error;
  if (isHelixError(error)) {
    const status = PASSED_ON[error.code];
    if (status === undefined) return undefined;
    const { code, found, count } = error as typeof error & Fields;
    const current = found && { revision: found.revision, value: found.value };
    return new ApiRefusal(status, { code, message: errorText(error), current, count });
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
