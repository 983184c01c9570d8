/** Wording shared by every refusal. */
export function expected(name: string, expectation: string, value: unknown): string {
  return `Expected \`${name}\` to be ${expectation}, got ${describeValue(value)}`;
}

/** Value and type for a message; of anything that could hide a secret or a bound value, the type alone. */
export function describeValue(value: unknown): string {
  switch (typeof value) {
    case "string":
      return value.length <= 40
        ? `${JSON.stringify(value)} (string)`
        : `a string of ${value.length} characters`;
    case "number":
    case "boolean":
    case "bigint":
      return `\`${Object.is(value, -0) ? "-0" : value}\` (${typeof value})`;
    case "object": {
      if (value === null) return "null";
      if (Array.isArray(value)) return `an array of ${value.length}`;
      const name: unknown = value.constructor?.name;
      return typeof name === "string" && name !== "Object" ? `a ${name}` : "an object";
    }
    default:
      return typeof value;
  }
}
