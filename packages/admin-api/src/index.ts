export {
  type AnswerOf,
  ENDPOINTS,
  type Endpoint,
  type EndpointName,
  type RequestOf,
} from "./endpoints.ts";
export { API_ERRORS, type ApiErrorBody, type ApiErrorCode, apiError, PASSED_ON } from "./errors.ts";
export { IDEMPOTENCY_KEY, openApiDocument } from "./open-api.ts";
export { INCLUDED, RIGHTS, type Right } from "./rights.ts";
