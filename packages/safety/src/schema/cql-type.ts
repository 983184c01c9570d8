/** A type of CQL. */
export type CqlType =
  /** By its name in lower case; `varchar` is `text`. */
  | { readonly kind: "native"; readonly name: string }
  | { readonly kind: "list" | "set"; readonly isFrozen: boolean; readonly of: CqlType }
  | { readonly kind: "map"; readonly isFrozen: boolean; readonly key: CqlType; readonly value: CqlType }
  | { readonly kind: "tuple"; readonly of: readonly CqlType[] }
  | { readonly kind: "vector"; readonly of: CqlType; readonly dimension: number }
  /** Its fields are those of the keyspace's `types`. */
  | {
      readonly kind: "user";
      readonly isFrozen: boolean;
      readonly name: string;
      readonly keyspace?: string | undefined;
    }
  /** A Java class; nothing is known of it. */
  | { readonly kind: "custom"; readonly name: string };
