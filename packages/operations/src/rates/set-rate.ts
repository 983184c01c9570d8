import { type ClusterId, orderRate } from "@helix/core";
import type { Ordered } from "../audit.ts";
import { audited } from "../audited.ts";
import type { Operated } from "../operated.ts";

export interface RateOptions extends Ordered {
  /** Executions per second, over all pods: 0.001 to the `maxRate` of what is operated. */
  readonly perSecond: number;
  /** From then on there is no limit. Milliseconds since 1970. @default until another order */
  readonly untilMs?: number | undefined;
  /** Only over what `status` has shown as `revisions.rates`. @default whatever was ordered meanwhile */
  readonly revision?: number | undefined;
  /**
   * Names this order: given twice, to whatever pod, it is the same one, as long as there was no other for the cluster. 1 to 200 characters.
   * @default each is another order
   */
  readonly idempotencyKey?: string | undefined;
}

type Rated = Pick<Operated, "control" | "audit" | "clock" | "maxRate">;

/**
 * Bounds the replay to a cluster, over all pods together: each gives its worker its share. Resolves with the revision of the rates when it is
 * stored; pods obey it within a second, and adapt to one that comes or goes within about 6 s, or 20 s where it was killed.
 *
 * Rejects with TypeError or RangeError for an order that cannot be, with HELIX_ORDER_KEY_REUSED, with HELIX_CONTROL_CONFLICT, and
 * as the store does.
 */
export function setRate(operated: Rated, cluster: ClusterId, options: RateOptions): Promise<number> {
  const { perSecond, untilMs, ...order } = options;
  const { maxRate = Infinity } = operated;
  return change(operated, "set-rate", { cluster, perSecond, untilMs }, order, () => {
    if (perSecond > maxRate) {
      throw new RangeError(
        `Expected \`perSecond\` to be ${maxRate} at most, which is the ceiling here, got ${perSecond}`,
      );
    }
    if (perSecond === undefined) throw new TypeError("Expected `perSecond` to be a number, got undefined");
  });
}

/** Takes the limit away. As `setRate`. */
export function removeRate(
  operated: Rated,
  cluster: ClusterId,
  options: Omit<RateOptions, "perSecond" | "untilMs">,
): Promise<number> {
  return change(operated, "remove-rate", { cluster }, options, () => {});
}

function change(
  operated: Rated,
  verb: string,
  subject: {
    readonly cluster: ClusterId;
    readonly perSecond?: number;
    readonly untilMs?: number | undefined;
  },
  { by, why, revision, idempotencyKey: key }: Omit<RateOptions, "perSecond" | "untilMs">,
  check: () => void,
): Promise<number> {
  const { control, clock } = operated;
  return audited(operated, { verb, subject, by, why }, async () => {
    check();
    return orderRate(control, { ...subject, reason: why, by, revision, key }, { clock });
  });
}
