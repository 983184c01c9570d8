/** A metric as processes tell it to Prometheus: the labels of its series. */
export type Exposed = ReadonlyMap<string, readonly Readonly<Record<string, string>>[]>;

/** What the texts of several processes have, together. A metric without series has none. */
export function readExposition(texts: readonly string[]): Exposed {
  const exposed = new Map<string, Record<string, string>[]>();
  for (const line of texts.join("\n").split("\n")) {
    const [, described, type] = /^# TYPE (\S+) (\S+)$/.exec(line) ?? [];
    if (described !== undefined) {
      const suffixes = type === "histogram" ? ["_bucket", "_sum", "_count"] : [""];
      for (const suffix of suffixes) exposed.set(described + suffix, exposed.get(described + suffix) ?? []);
    }
    const [, name, labels = ""] = /^([a-z]\w*)(?:\{(.*)\})? \S+$/.exec(line) ?? [];
    if (name !== undefined) {
      const pairs = [...labels.matchAll(/(\w+)="([^"]*)"/g)].map(([, key = "", value = ""]) => [key, value]);
      exposed.get(name)?.push(Object.fromEntries(pairs));
    }
  }
  return exposed;
}
