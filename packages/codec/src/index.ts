export { checkParams, type OperationTypes } from "./columns/check-columns.ts";
export type { ColumnEncoding, ColumnType, StatementTypes } from "./columns/column-type.ts";
export { decodeContent } from "./decode-content.ts";
export { decodePayload } from "./decode-payload.ts";
export { DEFAULT_MAX_PAYLOAD_BYTES, type EncodeOptions, encodePayload } from "./encode-payload.ts";
export { normalizeParams } from "./normalize-params.ts";
export { payloadHeaders } from "./payload-headers.ts";
