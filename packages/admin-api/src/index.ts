export {
  type AnswerOf,
  ENDPOINTS,
  type Endpoint,
  type EndpointName,
  INCLUDED,
  type RequestOf,
  RIGHTS,
  type Right,
} from "./endpoints.ts";
export { API_ERRORS, type ApiErrorBody, type ApiErrorCode, apiError, PASSED_ON } from "./errors.ts";
export { IDEMPOTENCY_KEY, openApiDocument } from "./open-api.ts";
