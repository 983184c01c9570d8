/** The object that a text or its bytes are as JSON; undefined if they are something else. An array has no fields of anybody's. */
export function parsed(json: Uint8Array | string): Readonly<Record<string, unknown>> | undefined {
  try {
    const text =
      typeof json === "string" ? json : Buffer.from(json.buffer, json.byteOffset, json.length).toString();
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Whether it has fields that can be asked for. */
export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}
