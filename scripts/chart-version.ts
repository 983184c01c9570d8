import { readFileSync } from "node:fs";

/** What the chart is. */
export const CHART = new URL("../deploy/helm/helix-replay/Chart.yaml", import.meta.url);

/** The same, for the pod of this version of the repository. */
export function chartText(): string {
  const pod = new URL("../apps/replay-service/package.json", import.meta.url);
  const { version } = JSON.parse(readFileSync(pod, "utf8"));
  return readFileSync(CHART, "utf8").replace(/^appVersion: .*$/m, `appVersion: "${version}"`);
}
