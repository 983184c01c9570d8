import { defineConfig } from "tsdown";
import base from "../../tsdown.base.ts";

/** A program, not a library: one entry, and nobody reads its declarations. The page is built before it. */
export default defineConfig({
  ...base,
  entry: ["src/main.ts"],
  dts: false,
  copy: { from: "../replay-page/dist/*", to: "dist/page" },
});
