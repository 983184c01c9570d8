import { writeFileSync } from "node:fs";
import { helixDashboard } from "./dashboard.ts";

writeFileSync(
  new URL("../../../deploy/grafana/helix.json", import.meta.url),
  `${JSON.stringify(helixDashboard(), undefined, 2)}\n`,
);
