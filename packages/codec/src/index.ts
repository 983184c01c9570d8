export type { ColumnEncoding, ColumnType } from "./check-column.ts";
export { decodePayload } from "./decode-payload.ts";
export {
  DEFAULT_MAX_PAYLOAD_BYTES,
  type EncodeOptions,
  encodePayload,
  type StatementTypes,
} from "./encode-payload.ts";
export { payloadHeaders } from "./payload-headers.ts";
