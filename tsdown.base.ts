import { existsSync } from "node:fs";
import { defineConfig } from "tsdown";

/** The one build of every published package: ESM, declarations, external dependencies. */
export default defineConfig({
  entry: ["src/index.ts", "src/internal.ts", "src/queue-kit.ts"].filter((entry) => existsSync(entry)),
  format: "esm",
  platform: "node",
  target: "node22.12",
  // tsdown takes the folder of the configuration for the folder of the package.
  cwd: process.cwd(),
  tsconfig: "tsconfig.json",
  dts: true,
  sourcemap: true,
  clean: true,
  fixedExtension: false,
});
