import { invalid } from "../invalid.ts";
import { fromWire } from "./from-wire.ts";
import { Reader } from "./reader.ts";
import { endOf, endOfName, MAX_DECODE_DEPTH } from "./structure.ts";
import { type Written, written } from "./written.ts";

/** Raised only by a change that an older reader would misread. A new key is not one: it is skipped. */
export const FORMAT_VERSION = 1;

/** The keys of the body by number, in the order in which they are written; a statement of a batch has some of the same. */
export const KEY = {
  target_cluster: 0,
  query: 1,
  args: 2,
  timestamp: 3,
  priority: 4,
  is_batch: 5,
  batch_type: 6,
  batch_statements: 7,
  v: 8,
  id: 9,
  life: 10,
  written_at: 11,
  enqueued_at: 12,
  named_args: 13,
  keyspace: 14,
  consistency: 15,
  disposition: 16,
  traceparent: 17,
  gc_grace_seconds: 18,
  table_ids: 19,
} as const;

const NAMES: readonly string[] = Object.keys(KEY);

/** The names with their heads. */
const NAME_BYTES: readonly Uint8Array[] = NAMES.map((name) =>
  Uint8Array.of(0xa0 + name.length, ...Buffer.from(name)),
);

export const WRITTEN_NAMES: readonly Written[] = NAME_BYTES.map(written);

/**
 * What a body of one statement has from `priority` to the name of `id`, by priority: written, and looked for, as a whole. No batch, its
 * type, its statements, the version.
 */
export const MIDDLES: readonly Written[] = [0, 1].map((priority) => written(middle(priority)));

const MIDDLE_KEYS = KEY.id - KEY.priority;

/** Where the values in it are. */
const MIDDLE_PLACES: readonly number[] = NAME_BYTES.slice(KEY.priority, KEY.id).map(
  (_, index, names) => index + names.slice(0, index + 1).reduce((sum, { length }) => sum + length, 0),
);

function middle(priority: number): Uint8Array {
  const values = [priority, 0xc2, 0, 0x90, FORMAT_VERSION];
  const fields = values.flatMap((value, index) => [...(NAME_BYTES[KEY.priority + index] ?? []), value]);
  return Uint8Array.of(...fields, ...(NAME_BYTES[KEY.id] ?? []));
}

const KEYS: ReadonlyMap<string, number> = new Map(Object.entries(KEY));

/** No value stands at the beginning of a body. */
const ABSENT = 0;
const ALL_ABSENT: readonly number[] = NAMES.map(() => ABSENT);

/** Depth of a parameter: in the body, and in its list. */
const PARAM_DEPTH = 2;

/**
 * One MessagePack map: the body, or a statement of a batch. It is looked through once, which checks its structure and finds
 * where the values are; each is read when it is asked for, and has to be of the type that is asked for. Of a key that comes
 * twice the last one counts. Unknown ones are skipped.
 */
export class Fields {
  /** One that stays: with the last of a class the engine forgets its shape at a full collection, and the code it has compiled for it. */
  static readonly KEPT = new Fields(new Reader(Uint8Array.of(0x80)));

  readonly #reader: Reader;
  readonly #path: string;
  readonly #places: number[];

  /**
   * Reads on behind the map.
   *
   * @param path What stands before the names of its fields in an error.
   * @throws Error for what is not complete.
   */
  constructor(reader: Reader, path = "") {
    this.#reader = reader;
    this.#path = path;
    const size = reader.size(0x80, 0xde) ?? wrong(path, "not a map");
    const { bytes, end } = reader;
    const places = ALL_ABSENT.slice();
    // A statement of a batch begins with its query.
    let due: number = path === "" ? KEY.target_cluster : KEY.query;
    for (let left = size; left > 0; left--) {
      const { at } = reader;
      const name = WRITTEN_NAMES[due];
      let key: number | undefined;
      if (due === KEY.priority && left > MIDDLE_KEYS && takesMiddle(reader)) {
        for (let index = 0; index < MIDDLE_KEYS; index++)
          places[KEY.priority + index] = at + (MIDDLE_PLACES[index] as number);
        left -= MIDDLE_KEYS;
        key = KEY.id;
      } else if (name !== undefined && reader.takes(name)) {
        key = due;
      } else {
        endOfName(bytes, at, end);
        key = KEYS.get(reader.name());
      }
      if (key !== undefined) {
        places[key] = reader.at;
        due = key + 1;
      }
      reader.at = endOf(bytes, reader.at, end, MAX_DECODE_DEPTH - 1);
    }
    this.#places = places;
  }

  has(key: number): boolean {
    return this.#places[key] !== ABSENT;
  }

  text(key: number): string {
    return this.#at(key).string() ?? this.#wrong(key, "not a string");
  }

  /** A text that many payloads have. */
  keptText(key: number): string {
    return this.#at(key).keptString() ?? this.#wrong(key, "not a string");
  }

  boolean(key: number): boolean {
    const head = this.#at(key).uint8();
    return head === 0xc3 || (head !== 0xc2 && this.#wrong(key, "not a boolean"));
  }

  /** In any integer form, as Go reads it; not a float. */
  int64(key: number): bigint {
    return this.#at(key).bigint() ?? this.#wrong(key, "not an integer");
  }

  integer(key: number): number {
    const value = this.#at(key).integer() ?? this.#wrong(key, "not an integer");
    return typeof value === "number" ? value : this.#wrong(key, "not an integer that a number holds");
  }

  isNil(key: number): boolean {
    return this.#at(key).uint8() === 0xc0;
  }

  /** How many elements an array has. */
  length(key: number): number {
    return this.#at(key).size(0x90, 0xdc) ?? this.#wrong(key, "not an array");
  }

  /** What `read` makes of each map in the list of statements. */
  statements<T>(read: (statement: Fields) => T): T[] {
    const reader = this.#reader;
    const length = this.length(KEY.batch_statements);
    let { at } = reader;
    return Array.from({ length }, (_, index) => {
      reader.at = at;
      const statement = new Fields(reader, `statements[${index}].`);
      at = reader.at;
      return read(statement);
    });
  }

  /** @throws HelixError HELIX_PAYLOAD_INVALID naming the one that cannot be read. */
  list(): unknown[] {
    const length = this.length(KEY.args);
    if (length === 0) return [];
    const values = new Array<unknown>(length);
    let index = 0;
    try {
      for (; index < length; index++) values[index] = fromWire(this.#reader, PARAM_DEPTH);
      return values;
    } catch (cause) {
      throw unreadable(`${this.#path}params[${index}]`, cause);
    }
  }

  /** As {@link list}. */
  named(): Record<string, unknown> {
    const reader = this.#at(KEY.named_args);
    const values: Record<string, unknown> = {};
    let index = 0;
    try {
      const length = reader.size(0x80, 0xde) ?? this.#wrong(KEY.named_args, "not a map");
      for (; index < length; index++) values[reader.name()] = fromWire(reader, PARAM_DEPTH);
      return values;
    } catch (cause) {
      // By position: a name is whatever somebody has bound.
      throw unreadable(`${this.#path}params{${index}}`, cause);
    }
  }

  /** A UUID as a text, or null, by name. */
  uuids(key: number): Record<string, string | null> {
    const reader = this.#at(key);
    const ids: Record<string, string | null> = {};
    for (let left = reader.size(0x80, 0xde) ?? this.#wrong(key, "not a map"); left > 0; left--) {
      const table = reader.name();
      ids[table] = reader.uuid() ?? (reader.uint8() === 0xc0 ? null : this.#wrong(key, "not a map of UUIDs"));
    }
    return ids;
  }

  /** What is wrong with positional parameters beside named ones. */
  both(): Error {
    return invalid("Both positional and named parameters", `${this.#path}params`);
  }

  #at(key: number): Reader {
    this.#reader.at = this.#places[key] as number;
    if (!this.has(key)) this.#wrong(key, "missing");
    return this.#reader;
  }

  #wrong(key: number, what: string): never {
    wrong(`${this.#path}${NAMES[key]}`, what);
  }
}

function takesMiddle(reader: Reader): boolean {
  for (const middle of MIDDLES) if (reader.takes(middle)) return true;
  return false;
}

function wrong(place: string, what: string): never {
  throw invalid(`\`${place || "the body"}\` is ${what}`, place || undefined);
}

function unreadable(path: string, cause: unknown): Error {
  return invalid(`Cannot read \`${path}\``, path, cause);
}
