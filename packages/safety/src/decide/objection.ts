import type { Span } from "../cql/syntax.ts";
import type { Reason } from "../inspection.ts";

/** What speaks against a write: `refuse` for good, `missing` until the schema says more. */
export interface Objection {
  readonly kind: "refuse" | "missing";
  readonly reason: Reason;
}

export function refused({ at }: Pick<Span, "at">, construct: string, why: string, cure?: string): Objection {
  return { kind: "refuse", reason: { construct, at, why, cure } };
}

/** As `refused`, of what no server takes, or of what is not understood. */
export function mistaken({ at }: Pick<Span, "at">, construct: string, why: string): Objection {
  return { kind: "refuse", reason: { construct, at, why, isMistake: true } };
}

/** The schema as it is known lacks something; it may have it when it is read again. */
export function missing({ at }: Pick<Span, "at">, construct: string, why: string): Objection {
  return { kind: "missing", reason: { construct, at, why } };
}
