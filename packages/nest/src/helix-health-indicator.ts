import { HelixClient } from "@helix/client";
import { Inject, Injectable } from "@nestjs/common";
import { type HealthIndicatorResult, HealthIndicatorService } from "@nestjs/terminus";

/**
 * `up` while every cluster is there, `degraded` (the check does not fail) while one is and what the other misses is queued,
 * `down` while none is. It asks no server: it says what the client knows from its requests.
 */
export class HelixHealthIndicator {
  readonly #client: HelixClient;
  readonly #service: HealthIndicatorService;

  constructor(client: HelixClient, service: HealthIndicatorService) {
    this.#client = client;
    this.#service = service;
  }

  /** @param key What the result is called. */
  check<const Key extends string>(key: Key): HealthIndicatorResult<Key> {
    const indicator = this.#service.check(key);
    const clusters = this.#client.clusterStates;
    const areThere = Object.values(clusters).map(
      ({ connected, breaker }) => connected && breaker === "closed",
    );
    if (areThere.every(Boolean)) return indicator.up({ clusters });
    return areThere.some(Boolean) ? indicator.degraded({ clusters }) : indicator.down({ clusters });
  }
}

// Node runs no decorators from source.
Injectable()(HelixHealthIndicator);
Inject(HelixClient)(HelixHealthIndicator, undefined, 0);
Inject(HealthIndicatorService)(HelixHealthIndicator, undefined, 1);
