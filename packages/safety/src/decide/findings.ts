import type { Marker } from "../cql/syntax.ts";
import type { KeyspaceSchema } from "../schema/schema.ts";
import type { Objection } from "./objection.ts";

/** What a part of a write does to the cells that it names; or what speaks against it. */
export type Effect = "data" | "tombstone" | "nothing" | Objection;

/** A part whose effect shows when its value is bound. */
export interface BoundPart {
  readonly marker: Marker;
  /** What the server calls the marker if it is a `?`. */
  readonly name: string;
  judge(value: unknown): Effect;
}

/** What is found out about one write by its text and the schema. */
export class Findings {
  readonly keyspace: KeyspaceSchema;
  /** It writes a cell, or the marker of a row, whatever is bound. */
  writesData = false;
  /** Parts that may object. */
  readonly suspects: BoundPart[] = [];
  /** Parts of which one alone makes the write more than tombstones. */
  readonly cells: BoundPart[] = [];
  #objection: Objection | undefined;

  constructor(keyspace: KeyspaceSchema) {
    this.keyspace = keyspace;
  }

  /** The first of those that refuse, or else of those that miss something. */
  get objection(): Objection | undefined {
    return this.#objection;
  }

  object(objection: Objection | undefined): void {
    if (objection === undefined || this.#objection?.kind === "refuse") return;
    if (this.#objection === undefined || objection.kind === "refuse") this.#objection = objection;
  }

  effect(effect: Effect): void {
    if (effect === "data") this.writesData = true;
    else if (typeof effect === "object") this.object(effect);
  }
}
