import { type ClusterId, type GateChange, orderGate } from "@helix/core";
import type { Ordered } from "./audit.ts";
import { audited } from "./audited.ts";
import type { Operated } from "./operated.ts";

export interface GateOptions extends Ordered {
  /** From then on the cluster is open by itself. Milliseconds since 1970. @default until another order */
  readonly untilMs?: number | undefined;
  /** Only over what `status` has shown as `revisions.gates`. @default whatever was ordered meanwhile */
  readonly revision?: number | undefined;
  /**
   * Names this order: given twice, to whatever pod, it is the same one, as long as there was no other for the cluster. 1 to 200 characters.
   * @default each is another order
   */
  readonly idempotencyKey?: string | undefined;
}

/** Of an order that has no end. */
export type OpenOptions = Omit<GateOptions, "untilMs">;

type Gated = Pick<Operated, "control" | "audit" | "clock">;

// Each resolves with the revision of the gates when the order is stored; pods and clients obey it within a second. Each rejects with
// HELIX_GATE_REFUSED, with HELIX_ORDER_KEY_REUSED, with HELIX_CONTROL_CONFLICT, whose `found` is what somebody else has ordered, and as the store does; with
// TypeError or RangeError for an order that cannot be.

/**
 * Replays nothing more to a cluster; writes and reads are as usual. Refused for one that is drained, since writes would go there
 * again.
 */
export function pause(operated: Gated, cluster: ClusterId, options: GateOptions): Promise<number> {
  return order(operated, "pause", { cluster, state: "paused", from: ["open", "paused"] }, options);
}

/** Takes a pause back. Refused for a cluster that is drained. */
export function resume(operated: Gated, cluster: ClusterId, options: OpenOptions): Promise<number> {
  return order(operated, "resume", { cluster, state: "open", from: ["open", "paused"] }, options);
}

/**
 * Skips a cluster: writes to it are queued at once, reads go to the other one, and nothing is replayed to it. Refused while the other
 * cluster is drained, or was until a minute ago.
 */
export function drain(operated: Gated, cluster: ClusterId, options: GateOptions): Promise<number> {
  return order(operated, "drain", { cluster, state: "drained" }, options);
}

/** Takes a drain back; what waits is replayed. Refused for a cluster that is paused. */
export function undrain(operated: Gated, cluster: ClusterId, options: OpenOptions): Promise<number> {
  return order(operated, "undrain", { cluster, state: "open", from: ["open", "drained"] }, options);
}

function order(
  operated: Gated,
  verb: string,
  change: Pick<GateChange, "cluster" | "state" | "from">,
  { by, why, untilMs, revision, idempotencyKey: key }: GateOptions,
): Promise<number> {
  const { control, clock } = operated;
  const subject = { cluster: change.cluster, ...(untilMs !== undefined && { untilMs }) };
  return audited(operated, { verb, subject, by, why }, () =>
    orderGate(control, { ...change, reason: why, by, untilMs, revision, key }, { clock }),
  );
}
