import { styleText } from "node:util";
import type { Host, Output } from "../host.ts";

type Colour = (text: string) => string;

const FORMATS = { bold: "bold", dim: "dim", good: "green", warning: "yellow", bad: "red" } as const;

export type Style = keyof typeof FORMATS;

/** Colours, or none, and how much fits on a line. */
export interface Paint extends Readonly<Record<Style, Colour>> {
  /** In columns; infinite where nobody looks at it. */
  readonly width: number;
}

/** For a terminal, unless somebody wants none (no-color.org). */
export function paintFor(output: Output, env: Host["env"]): Paint {
  const { NO_COLOR, TERM } = env;
  const isColoured = output.isTTY === true && !NO_COLOR && TERM !== "dumb";
  const paint = Object.entries(FORMATS).map(([name, format]) => [
    name,
    isColoured
      ? (text: string) => styleText(format, text, { validateStream: false })
      : (text: string) => text,
  ]);
  return { ...(Object.fromEntries(paint) as Record<Style, Colour>), width: widthFor(output, env) };
}

/** `COLUMNS` is how `watch` says how wide it is, which is no terminal. */
function widthFor({ isTTY, columns = 0 }: Output, { COLUMNS = "" }: Host["env"]): number {
  const given = /^[1-9]\d{0,4}$/.test(COLUMNS) ? Number(COLUMNS) : isTTY === true ? columns : 0;
  return given > 0 ? given : Number.POSITIVE_INFINITY;
}
