import { defineConfig } from "tsdown";
import base from "../../tsdown.base.ts";

/** A program, not a library: one entry, and nobody reads its declarations. */
export default defineConfig({ ...base, entry: ["src/main.ts"], dts: false });
