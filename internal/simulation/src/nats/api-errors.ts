/** What the JetStream API answers instead of what it was asked for; as nats-server's `errors.json` has it. */
export interface ApiError {
  readonly code: number;
  readonly err_code: number;
  readonly description: string;
}

export const API_ERRORS = {
  badRequest: { code: 400, err_code: 10003, description: "bad request" },
  invalidJson: { code: 400, err_code: 10025, description: "invalid JSON" },
  unavailable: { code: 503, err_code: 10008, description: "JetStream system temporarily unavailable" },
  consumerNotFound: { code: 404, err_code: 10014, description: "consumer not found" },
  insufficientResources: { code: 503, err_code: 10023, description: "insufficient resources" },
  noMessageFound: { code: 404, err_code: 10037, description: "no message found" },
  nameInUse: {
    code: 400,
    err_code: 10058,
    description: "stream name already in use with a different configuration",
  },
  streamNotFound: { code: 404, err_code: 10059, description: "stream not found" },
  streamMismatch: { code: 400, err_code: 10060, description: "expected stream does not match" },
  messageTooLarge: { code: 400, err_code: 10054, description: "message size exceeds maximum allowed" },
  deleteDenied: { code: 500, err_code: 10057, description: "message delete not permitted" },
  subjectOverlap: { code: 400, err_code: 10065, description: "subjects overlap with an existing stream" },
  rollupDenied: { code: 500, err_code: 10111, description: "rollup not permitted" },
  consumerExists: { code: 400, err_code: 10148, description: "consumer already exists" },
  consumerDoesNotExist: { code: 400, err_code: 10149, description: "consumer does not exist" },
  notUnique: {
    code: 400,
    err_code: 10100,
    description: "filtered consumer not unique on workqueue stream",
  },
} as const satisfies Record<string, ApiError>;

/** The stream has no room; `why` is the word of its store. */
export function storeFailed(why: string): ApiError {
  return { code: 503, err_code: 10077, description: why };
}

export function wrongLastSequence(actual: number): ApiError {
  return { code: 400, err_code: 10071, description: `wrong last sequence: ${actual}` };
}

export function wrongLastMessageId(actual: string): ApiError {
  return { code: 400, err_code: 10070, description: `wrong last msg ID: ${actual}` };
}

/** A change of a stream that the server does not make. */
export function invalidUpdate(field: string): ApiError {
  return { code: 500, err_code: 10052, description: `stream configuration update can not change ${field}` };
}

/** A message that is not there is not deleted. */
export function notDeleted(isBeyondLast: boolean): ApiError {
  const description = isBeyondLast ? "stream store EOF" : "no message found";
  return { code: 500, err_code: 10057, description };
}
