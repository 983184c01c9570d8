export { type AvailableLanes, LaneScheduler } from "./decide/scheduler.ts";
export type { ReplayWorkerOptions } from "./options.ts";
export { type ReplayHost, replay } from "./replay.ts";
export { ReplayWorker } from "./replay-worker.ts";
export type { ReplayCallbacks, ReplayDrop, ReplayFailure } from "./report/reporter.ts";
export { type TracingApi, tracedExecutor } from "./report/traced-executor.ts";
