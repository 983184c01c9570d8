import type { Marker, Span } from "../cql/syntax.ts";
import type { Inspection } from "../inspection.ts";
import { NamedParams } from "./named-params.ts";

/** What is bound: in the order of the markers, or by their names. */
export type Params = readonly unknown[] | Readonly<Record<string, unknown>>;

/** A text and what is bound to it, an array or an object as it was. */
export interface Rewritten {
  readonly query: string;
  readonly params: Params;
}

interface Edit extends Span {
  readonly text: string;
  /** Bound to the markers of `text`, where values go by position. */
  readonly values: readonly unknown[];
}

/**
 * Changes of a text and of its parameters, collected and then made at once. A marker within a part that is replaced
 * takes its value along; the others keep theirs, wherever they move. The parts must not overlap.
 */
export class Edits {
  readonly #inspection: Inspection;
  /** By position; empty where all is bound by name. */
  readonly #params: readonly unknown[];
  readonly #named: NamedParams | undefined;
  readonly #edits: Edit[] = [];

  constructor(inspection: Inspection, params: Params) {
    this.#inspection = inspection;
    const isList = (given: Params): given is readonly unknown[] => Array.isArray(given);
    this.#params = isList(params) ? params : [];
    this.#named = isList(params) ? undefined : new NamedParams(params, inspection.markers);
  }

  /** Puts a text in the place of a part, or between two where the part is empty. */
  replace({ at, end }: Span, text: string): void {
    this.#edits.push({ at, end, text, values: [] });
  }

  /** Puts a new marker there, after `before`, and binds the value to it: by a name of its own where the others have names. */
  replaceByMarker({ at, end }: Span, value: unknown, before = ""): void {
    const marker = this.#named === undefined ? "?" : `:${this.#named.add(value)}`;
    this.#edits.push({ at, end, text: before + marker, values: [value] });
  }

  /** Binds another value to this marker, and to no other that has its name. */
  bind(marker: Marker, value: unknown): void {
    const { at, end, name } = marker;
    if (this.#named === undefined) {
      this.#edits.push({ at, end, text: this.#inspection.cql.slice(at, end), values: [value] });
    } else if (name !== undefined && this.#named.isOfOne(name)) {
      this.#named.set(name, value);
    } else {
      this.replaceByMarker(marker, value);
    }
  }

  /** @param serverName What the server calls the marker if it has no name. */
  valueOf({ index, name }: Marker, serverName: string): unknown {
    return this.#named === undefined ? this.#params[index] : this.#named.get(name ?? serverName);
  }

  apply(): Rewritten {
    const { cql, markers } = this.#inspection;
    if (this.#edits.length === 0) return { query: cql, params: this.#named?.values ?? this.#params };
    const text = new JoinedText();
    const values: unknown[] = [];
    let from = 0;
    let next = 0;
    /** Passes the markers before that place; returns what is bound to them. What is missing stays missing, to be refused. */
    const pass = (until: number) => {
      const first = next;
      while (next < markers.length && (markers[next] as Marker).at < until) next++;
      return this.#params.slice(first, next);
    };
    for (const edit of this.#edits.sort((a, b) => a.at - b.at)) {
      values.push(...pass(edit.at), ...edit.values);
      pass(edit.end);
      text.add(cql.slice(from, edit.at));
      text.add(edit.text);
      from = edit.end;
    }
    text.add(cql.slice(from));
    const params = this.#named?.values ?? [...values, ...this.#params.slice(next)];
    return { query: text.toString(), params };
  }
}

/** Puts a blank between what would be read as one word, or as the begin of a comment. */
class JoinedText {
  readonly #parts: string[] = [];
  #last = "";

  add(part: string): void {
    if (part === "") return;
    const first = part.charAt(0);
    const isOne = (isOfWord(this.#last) && isOfWord(first)) || (this.#last === "-" && first === "-");
    this.#parts.push(isOne ? " " : "", part);
    this.#last = part.charAt(part.length - 1);
  }

  toString(): string {
    return this.#parts.join("");
  }
}

function isOfWord(char: string): boolean {
  const isLetter = (char >= "a" && char <= "z") || (char >= "A" && char <= "Z");
  return isLetter || (char >= "0" && char <= "9") || char === "_";
}
