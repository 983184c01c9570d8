import type { EventNames, WorkerEvents } from "@helix/core";

export const WORKER_EVENTS: EventNames<WorkerEvents> = Object.freeze({
  "worker:started": true,
  "worker:stopped": true,
  "worker:lane:reopened": true,
  "cluster:breaker:opened": true,
  "cluster:breaker:half-opened": true,
  "cluster:breaker:closed": true,
  "cluster:paused": true,
  "cluster:resumed": true,
  "replay:applied": true,
  "replay:tables:served": true,
  "replay:attempt:failed": true,
  "replay:dropped": true,
  "replay:dead-letters:full": true,
  "replay:lease:lost": true,
  "replay:settle:failed": true,
});
