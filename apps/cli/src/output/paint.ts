import { styleText } from "node:util";
import type { Host, Output } from "../host.ts";

type Colour = (text: string) => string;

/** Colours, or none. */
export interface Paint {
  readonly bold: Colour;
  readonly dim: Colour;
  readonly good: Colour;
  readonly warning: Colour;
  readonly bad: Colour;
}

const FORMATS = { bold: "bold", dim: "dim", good: "green", warning: "yellow", bad: "red" } as const;

/** For a terminal, unless somebody wants none (no-color.org). */
export function paintFor(output: Output, { NO_COLOR, TERM }: Host["env"]): Paint {
  const isColoured = output.isTTY === true && !NO_COLOR && TERM !== "dumb";
  const paint = Object.entries(FORMATS).map(([name, format]) => [
    name,
    isColoured
      ? (text: string) => styleText(format, text, { validateStream: false })
      : (text: string) => text,
  ]);
  return Object.fromEntries(paint) as unknown as Paint;
}
