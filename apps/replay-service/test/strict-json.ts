/** Tokens of JSON, of which only keys and the ends of objects matter here. */
const TOKEN = /("(?:[^"\\]|\\.)*")(\s*:)?|[{}]/g;

/** As `JSON.parse`, but throws if an object has a key twice, of which that would take the last. */
export function strictJson(text: string): Record<string, unknown> {
  const objects: Set<string>[] = [];
  for (const [token, quoted, colon] of text.matchAll(TOKEN)) {
    if (token === "{") objects.push(new Set());
    else if (token === "}") objects.pop();
    else if (quoted !== undefined && colon !== undefined) {
      if (objects.at(-1)?.has(quoted)) throw new Error(`The key ${quoted} is there twice: ${text}`);
      objects.at(-1)?.add(quoted);
    }
  }
  return JSON.parse(text);
}
