import type { CqlType } from "../schema/cql-type.ts";
import type { Reader } from "./reader.ts";
import { isNativeType, mayNameType } from "./words.ts";

/** Takes a type: `text`, `frozen<map<text, address>>`, `'a.java.Class'`. What is in a frozen type, a tuple or a vector is frozen too. */
export function parseType(reader: Reader, isFrozen = false): CqlType {
  reader.deeper();
  const type = typeOf(reader, isFrozen);
  reader.shallower();
  return type;
}

/** Takes a type that has no parts. */
export function parseNativeType(reader: Reader): CqlType {
  if (!isNativeType(reader.kind)) reader.fail("a native type");
  const { name } = reader;
  reader.next();
  return { kind: "native", name: name === "varchar" ? "text" : name };
}

function typeOf(reader: Reader, isFrozen: boolean): CqlType {
  if (isNativeType(reader.kind)) return parseNativeType(reader);
  if (reader.kind === "text") {
    const name = reader.value;
    reader.next();
    return { kind: "custom", name };
  }
  return reader.sees(hasParts) ? typeWithParts(reader, isFrozen) : userType(reader, isFrozen);
}

function hasParts(reader: Reader): boolean {
  reader.next();
  return reader.kind === "<";
}

function typeWithParts(reader: Reader, isFrozen: boolean): CqlType {
  const { kind } = reader;
  reader.next();
  reader.next();
  const type = withParts(reader, kind, isFrozen);
  reader.expect(">");
  return type;
}

function withParts(reader: Reader, kind: string, isFrozen: boolean): CqlType {
  switch (kind) {
    case "FROZEN":
      return frozen(reader);
    case "LIST":
      return { kind: "list", isFrozen, of: parseType(reader, isFrozen) };
    case "SET":
      return { kind: "set", isFrozen, of: parseType(reader, isFrozen) };
    case "MAP": {
      const key = parseType(reader, isFrozen);
      reader.expect(",");
      return { kind: "map", isFrozen, key, value: parseType(reader, isFrozen) };
    }
    case "TUPLE": {
      const of = [parseType(reader, true)];
      while (reader.take(",")) of.push(parseType(reader, true));
      return { kind: "tuple", of };
    }
    case "VECTOR": {
      const of = parseType(reader, true);
      reader.expect(",");
      const dimension = Number(reader.text.slice(reader.at, reader.end));
      if (!reader.take("integer")) reader.fail("the dimension of the vector");
      return { kind: "vector", of, dimension };
    }
    default:
      return reader.fail("a type");
  }
}

function frozen(reader: Reader): CqlType {
  if (isNativeType(reader.kind)) reader.fail("a type that can be frozen");
  return parseType(reader, true);
}

function hasDot(reader: Reader): boolean {
  reader.next();
  return reader.kind === ".";
}

function userType(reader: Reader, isFrozen: boolean): CqlType {
  const isQualified = reader.sees(hasDot);
  const keyspace = isQualified ? reader.takeName("a keyspace").name : undefined;
  if (isQualified) reader.expect(".");
  if (!mayNameType(reader.kind)) reader.fail("a type");
  const { name } = reader.takeName("a type");
  return { kind: "user", isFrozen, name, ...(isQualified && { keyspace }) };
}
