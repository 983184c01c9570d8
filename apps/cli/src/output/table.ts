import { clean } from "./clean.ts";
import type { Paint } from "./paint.ts";

export interface Column<T> {
  readonly title: string;
  readonly of: (row: T) => string | undefined;
  readonly align?: "right" | undefined;
  readonly paint?: ((row: T) => keyof Paint | undefined) | undefined;
}

/** Rows under their titles; what is absent is `-`. */
export function table<T>(rows: readonly T[], columns: readonly Column<T>[], paint: Paint): string {
  const cells = rows.map((row) => columns.map((column) => clean(column.of(row) ?? "") || "-"));
  const widths = columns.map(({ title }, at) =>
    Math.max(title.length, ...cells.map((row) => row[at]?.length ?? 0)),
  );
  const line = (texts: readonly string[], style: (text: string, at: number) => string) =>
    texts
      .map((text, at) => {
        const space = " ".repeat((widths[at] ?? 0) - text.length);
        if (columns[at]?.align === "right") return space + style(text, at);
        return style(text, at) + (at === columns.length - 1 ? "" : space);
      })
      .join("  ");
  const head = line(
    columns.map(({ title }) => title),
    (text) => paint.bold(text),
  );
  const body = cells.map((texts, row) =>
    line(texts, (text, at) => {
      const name = columns[at]?.paint?.(rows[row] as T);
      return name === undefined ? text : paint[name](text);
    }),
  );
  return [head, ...body].map((one) => `${one}\n`).join("");
}

/** Names and values below each other. */
export function facts(entries: readonly (readonly [string, string | undefined])[], paint: Paint): string {
  const shown = entries.flatMap(([name, value]) =>
    value === undefined ? [] : [[name, clean(value)] as const],
  );
  const width = Math.max(0, ...shown.map(([name]) => name.length));
  return shown.map(([name, value]) => `${paint.dim(name.padEnd(width))}  ${value}\n`).join("");
}
