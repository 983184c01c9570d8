/**
 * MessagePack extension types. A number is stored for as long as a queue keeps messages, and for ever in
 * fixtures: it is never given another meaning, and never used again when a type falls out of use.
 *
 * −1, 3, 4, 5 and 10 belong to the Go implementation (−1 is MessagePack's own timestamp, 3 and 4 are
 * complex numbers): of those only 5 and 10 are written. Ours start at 20.
 */
export const EXTENSION = Object.freeze({
  /** MessagePack's timestamp. Never written, since Go reads only its form of 12 bytes; that one is read. */
  messagePackTime: -1,
  /** Date. int64 seconds since 1970, int32 nanoseconds of 0 to 999 999 999, both big-endian. */
  time: 5,
  /** Uuid and TimeUuid: 16 bytes. The version in it says which. */
  uuid: 10,
  /** `undefined`, which the driver sends as unset: not `null`, which deletes. Empty. */
  undefined: 20,
  /** `types.unset`. Empty. */
  unset: 21,
  /** −0, which the integers of MessagePack do not have. Empty. */
  negativeZero: 22,
  /** bigint: two's complement, big-endian, any length of at least one byte. */
  bigint: 23,
  /** Integer (varint): two's complement, big-endian, as CQL has it. */
  integer: 24,
  /** BigDecimal: int32 scale, then the unscaled value as a varint, as CQL has it. */
  decimal: 25,
  /** InetAddress: 4 or 16 bytes. */
  inet: 26,
  /** LocalDate: uint32 days with 1970-01-01 at 2^31, as CQL has it. */
  localDate: 27,
  /** LocalTime: int64 nanoseconds since midnight, as CQL has it. */
  localTime: 28,
  /** Duration: months, days and nanoseconds as three vints, as CQL has it. */
  duration: 29,
  /** Tuple: a MessagePack array of its elements. */
  tuple: 30,
  /** Vector: a MessagePack array of its subtype (a string or nil), then its elements. */
  vector: 31,
  /** JavaScript Map: a MessagePack array of key, value, key, value … in its order. */
  map: 32,
  /** JavaScript Set: a MessagePack array of its elements in its order. */
  set: 33,
  /** Float32Array: its elements as float32, big-endian. */
  float32Array: 34,
  /**
   * Long, as a key of a Map or an element of a Set: int64, big-endian. Elsewhere a Long is a plain integer and may be read as a
   * number; there two equal ones, which are two, would become one.
   */
  long: 35,
} as const);
