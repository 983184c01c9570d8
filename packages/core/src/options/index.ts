/**
 * Options are declared once, as data: from it come the checks, the tables of the READMEs, and the variables of the service.
 *
 * @module
 */
export { describeType, describeValue, expected } from "./expected.ts";
export { defaultOf, takes } from "./facts.ts";
export {
  type Facts,
  type Option,
  type OptionsOf,
  optional,
  readOption,
  readOptions,
  withDefault,
} from "./option.ts";
export { callback, clock, clusterNames, func, having, logger, metrics, random, signal } from "./seams.ts";
export {
  boolean,
  flag,
  group,
  integer,
  list,
  MAX_TIMER_MS,
  milliseconds,
  number,
  object,
  oneOf,
  text,
} from "./values.ts";
