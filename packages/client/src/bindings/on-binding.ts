import type { OnBinding } from "../session/driver-internals/index.ts";
import { adaptValues, numbersAsBytes } from "./adapt-values.ts";
import { checkValues } from "./check-values.ts";

/**
 * For a write to both clusters: what the driver would send as another value than is meant is refused,
 * before the write goes out anywhere, and so never has to be queued.
 */
export const checkBinding: OnBinding = (positions, types, encoding) => {
  checkValues(positions, types, encoding);
  return numbersAsBytes(positions, types);
};

/** For what is not checked, since it goes to one cluster: as the driver takes it, but for the time that it takes. */
export const plainBinding: OnBinding = (positions, types) => numbersAsBytes(positions, types);

/**
 * For a replay: the values as this session takes them, whatever the options of the one that they were first
 * bound by. They are checked again: the columns of this cluster may be others.
 */
export const adaptBinding: OnBinding = (positions, types) => {
  checkValues(positions, types, REPLAYED);
  return adaptValues(positions, types);
};

const REPLAYED = { either: true, map: Map, set: Set } as const;
