import type { Fault } from "../scenario/faults.ts";

/**
 * What makes a server forget what it was told, or take it late; lends to somebody what another one has; or lets it wait
 * before it is received.
 */
export const LENDS_TWICE: readonly Fault["kind"][] = [
  "freeze",
  "nats-restart",
  "nats-leader",
  "nats-loss",
  "nats-late",
  "nats-slowness",
  "nats-duplicates",
  "nats-consumer-gone",
];
