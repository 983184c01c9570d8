/**
 * Whether one part of the service does its work; `detail` says why not, or what somebody has to look after. Nothing bound to a statement is in
 * it.
 */
export interface PartHealth {
  readonly up: boolean;
  readonly detail?: string | undefined;
}

export interface ReadinessReport {
  readonly ready: boolean;
  /** A sentence for each part that is not up. */
  readonly missing: readonly string[];
  readonly parts: Readonly<Record<string, PartHealth>>;
}

/** Whether the service can do all of its work, and what is missing if not. */
export class Readiness {
  readonly #parts = new Map<string, () => PartHealth>();

  /** Adds a part, or replaces what is known of it. Its health is asked for with each report. */
  set(part: string, health: () => PartHealth): void {
    this.#parts.set(part, health);
  }

  report(): ReadinessReport {
    const parts = [...this.#parts].map(([part, health]): [string, PartHealth] => [part, health()]);
    const missing = parts
      .filter(([, { up }]) => !up)
      .map(([part, { detail }]) => (detail === undefined ? part : `${part}: ${detail}`));
    return { ready: missing.length === 0, missing, parts: Object.fromEntries(parts) };
  }
}
