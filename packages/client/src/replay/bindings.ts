import { checkParams, normalizeParams } from "@helix/codec";
import type { OnBinding } from "../session/driver-internals.ts";

/**
 * For a write to both clusters: what the driver would send as another value than is meant is refused,
 * before the write goes out anywhere, and so never has to be queued.
 */
export const checkBinding: OnBinding = ({ params, types, encoding, path }) => {
  checkParams(params, types, encoding, path);
  return params;
};

/**
 * For a replay: the values as this session takes them, whatever the options of the one that they were first
 * bound by. They are not checked again: what one cluster was sent the other gets as well.
 */
export const adaptBinding: OnBinding = ({ params, types, path }) => normalizeParams(params, types, path);
