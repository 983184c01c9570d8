/** What has been counted so far, by the callers' side and by the replay's. */
export class Tally {
  accepted = 0;
  errors = 0;
  firstError: unknown;
  queued = 0;
  replayed = 0;
  deadLettered = 0;
  longestLagMs = 0;
  slowestCallMs = 0;

  /** @param queued For so many clusters the write is queued all the same. */
  failed(error: unknown, queued = 0): void {
    this.errors++;
    this.queued += queued;
    this.firstError ??= error;
  }

  returned(callMs: number, queued: boolean): void {
    this.accepted++;
    if (queued) this.queued++;
    this.slowestCallMs = Math.max(this.slowestCallMs, callMs);
  }

  applied(lagMs: number): void {
    this.replayed++;
    this.longestLagMs = Math.max(this.longestLagMs, lagMs);
  }
}
