/**
 * For the other `@helix/*` packages of the same version, and for the simulation of this repository, which supplies
 * sessions of its own. May change in any release.
 *
 * @module
 */
export { type ReadSessionOptions, SESSION_OPTIONS } from "./client-options.ts";
export { createReplayExecutor } from "./replay/replay-executor.ts";
export type { ClusterConfig } from "./session/cluster-config.ts";
export type { ClusterLinks } from "./session/cluster-links.ts";
export { createLinks } from "./session/create-links.ts";
export { InFlight } from "./session/in-flight.ts";
export { Background } from "./write/background.ts";
export { ReplayHandoff } from "./write/replay-handoff.ts";
export { WritePath } from "./write/write-path.ts";
export { WriteTimestamps } from "./write/write-timestamps.ts";
