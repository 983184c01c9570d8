import { readFileSync } from "node:fs";
import { defineConfig, type Rolldown } from "tsdown";

/** In this order. */
const STYLES = ["base", "forms", "tables", "parts", "dialogs"];

const here = (path: string) => readFileSync(new URL(path, import.meta.url), "utf8");

/**
 * One HTML, one script, one style sheet: the latter two are named by what is in them, so that a browser may keep them for good. Addresses are
 * relative, so that the page works under whatever path it is served.
 */
export default defineConfig({
  entry: { page: "src/main.tsx" },
  format: "esm",
  platform: "browser",
  target: "es2022",
  tsconfig: "tsconfig.json",
  dts: false,
  minify: true,
  clean: true,
  // Nothing that nobody has weighed: a schema of the API would bring zod. What core has of Node is not used here, and is left away.
  deps: { alwaysBundle: [/^@helix\//], onlyBundle: ["preact"], neverBundle: [/^node:/] },
  inputOptions: { resolve: { conditionNames: ["@helix/source", "browser", "import", "default"] } },
  outputOptions: { entryFileNames: "[name]-[hash].js", assetFileNames: "[name]-[hash][extname]" },
  plugins: [page()],
});

function styles(): string {
  return STYLES.map((name) => here(`src/style/${name}.css`)).join("\n");
}

function page(): Rolldown.Plugin {
  return {
    name: "page",
    generateBundle(_, bundle) {
      const script = Object.values(bundle).find((one) => one.type === "chunk" && one.isEntry);
      const style = this.emitFile({ type: "asset", name: "page.css", source: styles() });
      const html = here("src/index.html")
        .replace("%SCRIPT%", `./${script?.fileName}`)
        .replace("%STYLE%", `./${this.getFileName(style)}`);
      this.emitFile({ type: "asset", fileName: "index.html", source: html });
    },
  };
}
