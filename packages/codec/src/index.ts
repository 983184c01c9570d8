export { decodeContent } from "./decode-content.ts";
export { decodePayload } from "./decode-payload.ts";
export { DEFAULT_MAX_PAYLOAD_BYTES, type EncodeOptions, encodePayload } from "./encode-payload.ts";
export { isTableInHeader, payloadHeaders, tablesInHeader } from "./payload-headers.ts";
