/**
 * For the simulation of this repository, which supplies sessions of its own. May change in any release.
 *
 * @module
 */
export type { ReadSessionOptions } from "./client-options.ts";
export type { ClusterConfig } from "./cluster-config.ts";
export type { ClusterLinks } from "./cluster-links.ts";
export { createLinks } from "./create-links.ts";
export { createReplayExecutor } from "./replay-executor.ts";
export { ReplayHandoff } from "./replay-handoff.ts";
export { WritePath } from "./write-path.ts";
export { WriteTimestamps } from "./write-timestamps.ts";
