import { existsSync } from "node:fs";
import { defineConfig } from "vitest/config";

const conditions = ["@helix/source"];
const unit = ["{packages,internal,apps}/*/{src,test}/**/*.test.ts"];
const integration = ["{packages,internal,apps}/*/{src,test}/**/*.integration.test.ts"];

export default defineConfig({
  resolve: { conditions: [...conditions, "node", "import", "default"] },
  ssr: {
    resolve: {
      conditions: [...conditions, "node", "import", "default"],
      externalConditions: [...conditions],
    },
  },
  test: {
    projects: [
      {
        extends: true,
        test: { name: "unit", include: unit, exclude: ["**/node_modules/**", ...integration] },
      },
      {
        extends: true,
        test: {
          name: "integration",
          include: integration,
          testTimeout: 60_000,
          hookTimeout: 120_000,
          ...(existsSync("internal/testkit/src/global-setup.ts")
            ? { globalSetup: ["internal/testkit/src/global-setup.ts"] }
            : {}),
        },
      },
    ],
  },
});
