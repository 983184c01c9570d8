/** Renders the chart into plain manifests, `deploy/kubernetes`: `npx -y pnpm@12 chart`. Needs `helm`. */
import { writeFileSync } from "node:fs";
import { MANIFESTS, manifestText } from "./helm.ts";

for (const manifest of MANIFESTS) writeFileSync(manifest.file, manifestText(manifest));
