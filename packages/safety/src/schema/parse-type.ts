import type { CqlType } from "./cql-type.ts";

/**
 * The type that a text such as `map<text, frozen<list<int>>>` names, as CQL has it and as `system_schema` shows it. What is in a frozen
 * type, a tuple or a vector is frozen as well. Undefined for what is no type.
 */
export function parseType(text: string): CqlType | undefined {
  const words = split(text);
  if (words === undefined) return undefined;
  const reader = new TypeReader(words);
  const type = reader.type(false);
  return reader.isAtEnd ? type : undefined;
}

class TypeReader {
  readonly #words: readonly string[];
  #at = 0;

  constructor(words: readonly string[]) {
    this.#words = words;
  }

  get isAtEnd(): boolean {
    return this.#at === this.#words.length;
  }

  type(isFrozen: boolean): CqlType | undefined {
    const word = this.#words[this.#at++];
    if (word === undefined) return undefined;
    if (word.startsWith("'")) return { kind: "custom", name: unquoted(word) };
    if (this.#skip(".")) return this.#userType(isFrozen, word);
    if (this.#words[this.#at] === "<") return this.#parametrized(word.toLowerCase(), isFrozen);
    const name = word.toLowerCase();
    if (NATIVE.has(name)) return { kind: "native", name: name === "varchar" ? "text" : name };
    return isName(word) ? { kind: "user", isFrozen, name: folded(word) } : undefined;
  }

  #userType(isFrozen: boolean, keyspace: string): CqlType | undefined {
    const name = this.#words[this.#at++];
    if (name === undefined || !isName(keyspace) || !isName(name)) return undefined;
    return { kind: "user", isFrozen, keyspace: folded(keyspace), name: folded(name) };
  }

  #parametrized(name: string, isFrozen: boolean): CqlType | undefined {
    this.#at++;
    if (name === "vector") return this.#vector();
    const isInnerFrozen = isFrozen || name === "frozen" || name === "tuple";
    const of: CqlType[] = [];
    do {
      const type = this.type(isInnerFrozen);
      if (type === undefined) return undefined;
      of.push(type);
    } while (this.#skip(","));
    if (!this.#skip(">")) return undefined;
    if (name === "tuple") return { kind: "tuple", of };
    const [first, second] = of;
    if (first === undefined) return undefined;
    if (name === "map") {
      return second === undefined || of.length > 2
        ? undefined
        : { kind: "map", isFrozen, key: first, value: second };
    }
    if (of.length > 1) return undefined;
    if (name === "frozen") return first;
    return name === "list" || name === "set" ? { kind: name, isFrozen, of: first } : undefined;
  }

  #vector(): CqlType | undefined {
    const of = this.type(true);
    const dimension = this.#skip(",") ? Number(this.#words[this.#at++]) : Number.NaN;
    if (of === undefined || !Number.isInteger(dimension) || !this.#skip(">")) return undefined;
    return { kind: "vector", of, dimension };
  }

  #skip(word: string): boolean {
    const isHere = this.#words[this.#at] === word;
    if (isHere) this.#at++;
    return isHere;
  }
}

/** Names and numbers, quoted ones with their quotes, and signs. Undefined where a quote does not end. */
function split(text: string): string[] | undefined {
  const words: string[] = [];
  for (let at = 0; at < text.length; ) {
    const char = text.charAt(at);
    let end = at + 1;
    if (char === '"' || char === "'") {
      while (text.charAt(end) !== char || text.charAt(end + 1) === char) {
        if (end >= text.length) return undefined;
        end += text.charAt(end) === char ? 2 : 1;
      }
      end++;
    } else if (isWord(char)) {
      while (isWord(text.charAt(end))) end++;
    }
    if (!" \t\r\n".includes(char)) words.push(text.slice(at, end));
    at = end;
  }
  return words;
}

function isWord(char: string): boolean {
  return (
    (char >= "a" && char <= "z") ||
    (char >= "A" && char <= "Z") ||
    (char >= "0" && char <= "9") ||
    char === "_"
  );
}

function isName(word: string): boolean {
  const first = word.charAt(0);
  return first === '"' || (isWord(first) && first !== "_" && !(first >= "0" && first <= "9"));
}

function folded(name: string): string {
  return name.startsWith('"') ? unquoted(name) : name.toLowerCase();
}

function unquoted(word: string): string {
  const quote = word.charAt(0);
  return word.slice(1, -1).replaceAll(quote + quote, quote);
}

const NATIVE = new Set(
  (
    "ascii bigint blob boolean counter date decimal double duration float inet int smallint text time timestamp " +
    "timeuuid tinyint uuid varchar varint"
  ).split(" "),
);
