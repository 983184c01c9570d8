/**
 * For the other `@helix/*` packages of the same version. May change in any release.
 *
 * @module
 */
export { WORKER_OPTIONS } from "./options.ts";
