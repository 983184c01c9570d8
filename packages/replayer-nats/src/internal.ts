/**
 * For the other `@helix/*` packages of the same version. May change in any release.
 *
 * @module
 */
export { CONNECT_OPTIONS } from "./connect-options.ts";
export { REPLAYER_OPTIONS } from "./options.ts";
export { namesOf } from "./topology/names.ts";
export { rightsOf } from "./topology/rights.ts";
