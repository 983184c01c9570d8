import { createRequire } from "node:module";
import { defineConfig } from "vitest/config";
import { ClosingLine } from "./scripts/closing-line.ts";

/** Workspace packages resolve to their sources, so nobody builds in order to test. */
const source = "@helix/source";
// Without "import": these become conditions of Node itself, and its `require` would get the ESM build of a package.
const conditions = [source, "node"];
const everywhere = "{packages,internal,apps,examples}/*/{src,test}/**";
const integration = [`${everywhere}/*.integration.test.ts`];

/** Another release of the driver, for everything: by the name under which the client's package depends on it. */
const driver = process.env.HELIX_DRIVER;
const client = createRequire(new URL("packages/client/package.json", import.meta.url));
const alias =
  driver === undefined ? [] : [{ find: /^cassandra-driver$/, replacement: client.resolve(driver) }];

export default defineConfig({
  resolve: { conditions, alias },
  ssr: { resolve: { conditions, externalConditions: [source] } },
  test: {
    reporters: ["default", new ClosingLine()],
    // Of two cores vitest would take one.
    maxWorkers: "100%",
    projects: [
      {
        extends: true,
        test: {
          name: "unit",
          include: [`${everywhere}/*.test.ts`, "{scripts,bench/test}/*.test.ts"],
          exclude: ["**/node_modules/**", ...integration],
          // Longer than what a test waits for, which says what did not come.
          testTimeout: 20_000,
        },
      },
      {
        extends: true,
        test: {
          name: "integration",
          include: integration,
          globalSetup: ["internal/testkit/src/global-setup.ts"],
          testTimeout: 60_000,
          hookTimeout: 120_000,
          // Each file starts servers and measures: two at once on two cores measure each other.
          fileParallelism: false,
        },
      },
    ],
  },
});
