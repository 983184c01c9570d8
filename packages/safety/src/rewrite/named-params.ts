import type { Marker } from "../cql/syntax.ts";

/** What is bound by name, on its way to another text. */
export class NamedParams {
  readonly values: Record<string, unknown>;
  /** By what the driver finds a name by: in lower case. Of two that are the same then, the last counts. */
  readonly #keys: Map<string, string>;
  /** How many markers have a name. */
  readonly #uses = new Map<string, number>();
  #made = 0;

  constructor(params: Readonly<Record<string, unknown>>, markers: readonly Marker[]) {
    this.values = { ...params };
    this.#keys = new Map(Object.keys(params).map((key) => [key.toLowerCase(), key]));
    for (const { name } of markers) {
      if (name !== undefined) this.#uses.set(name, (this.#uses.get(name) ?? 0) + 1);
    }
  }

  isOfOne(name: string): boolean {
    return this.#uses.get(name) === 1;
  }

  get(name: string): unknown {
    return this.values[this.#keys.get(name) ?? name];
  }

  set(name: string, value: unknown): void {
    this.values[this.#keys.get(name) ?? name] = value;
  }

  /** Returns the name that it is bound by: one that nothing else has. */
  add(value: unknown): string {
    let name: string;
    do name = `helix_${++this.#made}`;
    while (this.#keys.has(name) || this.#uses.has(name));
    this.values[name] = value;
    return name;
  }
}
