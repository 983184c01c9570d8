/** What a finding costs if nobody does anything: the worst first. */
export const HARMS = Object.freeze(["loss", "standstill", "exposure", "advice"] as const);

/**
 * - `loss`: what was acknowledged, or will be written, can be gone.
 * - `standstill`: replay stops, or will, and nothing is lost by it.
 * - `exposure`: somebody may do more than they need to.
 * - `advice`: nothing is wrong yet.
 */
export type Harm = (typeof HARMS)[number];

/** Something that can go wrong where nobody looks. */
export interface Finding {
  /** Such as `one-copy`: the same in all versions, for whoever waits for it in a script. */
  readonly code: string;
  readonly harm: Harm;
  /** Such as `stream helix-replay`, or `cluster B`. */
  readonly where: string;
  /** What can happen, and why. A sentence, which quotes nothing that was bound to a statement. */
  readonly what: string;
  /** A sentence. */
  readonly cure: string;
}

/** What could not be looked at, so that nothing is known of it. */
export interface Unseen {
  readonly what: string;
  readonly why: string;
}

export interface Examination {
  readonly findings: readonly Finding[];
  readonly unseen: readonly Unseen[];
}
