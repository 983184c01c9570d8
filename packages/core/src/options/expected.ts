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
    default:
      return describeType(value);
  }
}

/** The type alone: of what somebody may have put where something else belongs, a bound value too. */
export function describeType(value: unknown): string {
  if (value === null) return "null";
  if (typeof value !== "object") return typeof value;
  if (Array.isArray(value)) return `an array of ${value.length}`;
  const name = classNameOf(value);
  return name === undefined || name === "Object" ? "an object" : `a ${name}`;
}

/** Of its class, not of what it holds itself; undefined where there is none, or none that is a word. Never throws. */
export function classNameOf(value: object): string | undefined {
  try {
    const name: unknown = Object.getPrototypeOf(value)?.constructor?.name;
    return typeof name === "string" && /^[\w$]{1,64}$/.test(name) ? name : undefined;
  } catch {
    return undefined;
  }
}
