import type { ClientEvents, EventNames, SessionEvents } from "@helix/core";

export const SESSION_EVENTS: EventNames<SessionEvents> = Object.freeze({
  "cluster:connected": true,
  "cluster:disconnected": true,
  "cluster:breaker:opened": true,
  "cluster:breaker:half-opened": true,
  "cluster:breaker:closed": true,
});

export const CLIENT_EVENTS: EventNames<ClientEvents> = Object.freeze({
  ...SESSION_EVENTS,
  "write:queued": true,
  "write:not-queued": true,
  "write:timestamp:ahead": true,
});
