import stringWidth from "string-width";
import { clean } from "./clean.ts";
import type { Paint, Style } from "./paint.ts";

export interface Column<T> {
  readonly title: string;
  readonly of: (row: T) => string | undefined;
  readonly align?: "right" | undefined;
  readonly paint?: ((row: T) => Style | undefined) | undefined;
}

/** A column as it is shown. */
interface Laid<T> {
  readonly column: Column<T>;
  /** Line by line. */
  readonly title: readonly string[];
  readonly cells: readonly string[];
  readonly width: number;
}

/** Between columns, and before what goes on below. */
const GAP = "  ";

/**
 * Rows under their titles; what is absent is `-`. Where they are wider than what shows them, titles have a line for each word; where that is
 * not enough, what has no room on the line of its row is on lines below.
 */
export function table<T>(rows: readonly T[], columns: readonly Column<T>[], paint: Paint): string {
  const cells = columns.map(({ of }) => rows.map((row) => clean(of(row) ?? "") || "-"));
  const laid = (titleOf: (title: string) => readonly string[]): readonly Laid<T>[] =>
    columns.map((column, at) => {
      const [title, own = []] = [titleOf(column.title), cells[at]];
      return {
        column,
        title,
        cells: own,
        width: Math.max(...[...title, ...own].map((text) => stringWidth(text))),
      };
    });
  const whole = laid((title) => [title]);
  const parts =
    widthOf(whole) <= paint.width
      ? [whole]
      : partsOf(
          laid((title) => title.split(" ")),
          paint.width,
        );
  const head = parts.flatMap((part, at) => {
    const height = Math.max(...part.map(({ title }) => title.length));
    return Array.from({ length: height }, (_, line) =>
      lineOf(
        part,
        at,
        ({ title }) => title[line - height + title.length],
        () => "bold",
        paint,
      ),
    );
  });
  const body = rows.flatMap((row, which) =>
    parts.map((part, at) =>
      lineOf(
        part,
        at,
        (one) => one.cells[which],
        ({ column }) => column.paint?.(row),
        paint,
      ),
    ),
  );
  return [...head, ...body].map((line) => `${line}\n`).join("");
}

function widthOf(part: readonly { readonly width: number }[]): number {
  return part.reduce((sum, { width }) => sum + width + GAP.length, -GAP.length);
}

/** One below the other: as many columns each as there is room for, and one at least. */
function partsOf<T>(laid: readonly Laid<T>[], width: number): readonly (readonly Laid<T>[])[] {
  const parts: Laid<T>[][] = [];
  for (const one of laid) {
    const part = parts.at(-1);
    const indent = parts.length > 1 ? GAP.length : 0;
    if (part !== undefined && indent + widthOf([...part, one]) <= width) part.push(one);
    else parts.push([one]);
  }
  return parts;
}

function lineOf<T>(
  part: readonly Laid<T>[],
  at: number,
  textOf: (one: Laid<T>) => string | undefined,
  styleOf: (one: Laid<T>) => Style | undefined,
  paint: Paint,
): string {
  const texts = part.map((one) => {
    const text = textOf(one) ?? "";
    const style = text === "" ? undefined : styleOf(one);
    const space = " ".repeat(one.width - stringWidth(text));
    const shown = style === undefined ? text : paint[style](text);
    return one.column.align === "right" ? space + shown : shown + space;
  });
  return `${at === 0 ? "" : GAP}${texts.join(GAP)}`.trimEnd();
}

/** Names and values below each other. */
export function facts(entries: readonly (readonly [string, string | undefined])[], paint: Paint): string {
  const shown = entries.flatMap(([name, value]) =>
    value === undefined ? [] : [[name, clean(value)] as const],
  );
  const width = Math.max(0, ...shown.map(([name]) => name.length));
  return shown.map(([name, value]) => `${paint.dim(name.padEnd(width))}  ${value}\n`).join("");
}
