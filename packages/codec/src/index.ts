export { decodePayload } from "./decode-payload.ts";
export { encodePayload } from "./encode-payload.ts";
