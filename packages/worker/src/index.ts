export type { ReplayWorkerOptions } from "./options.ts";
export { ReplayWorker } from "./replay-worker.ts";
export type { ReplayCallbacks, ReplayDrop, ReplayFailure } from "./reporter.ts";
export { type AvailableLanes, LaneScheduler } from "./scheduler.ts";
export { type TracingApi, tracedExecutor } from "./traced-executor.ts";
