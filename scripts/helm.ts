import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { has, run } from "./tools.ts";

const at = (path: string) => fileURLToPath(new URL(`../deploy/${path}`, import.meta.url));

const CHART = at("helm/helix-replay");
/** What `helm` would ask a cluster for. */
const KUBERNETES = ["--kube-version", "1.34.0"];

/** Whether this machine has it. */
export const HAS_HELM = has("helm", "version");

/** Whether this machine has what knows the manifests of Kubernetes, a package of PyPI. */
export const HAS_VALIDATOR = has("kubernetes-validate");

/** What the chart has by itself. */
export const DEFAULTS = `${CHART}/values.yaml`;

/** The sets of values that the chart is tried with. */
export const VALUE_SETS = readdirSync(`${CHART}/ci`).map((name) => ({ name, file: `${CHART}/ci/${name}` }));

/** The manifests of a release of these values. @throws Error with what helm has against them. */
export function rendered(valuesFile: string, ...more: readonly string[]): string {
  return helm(
    "template",
    "helix-replay",
    CHART,
    "--namespace",
    "helix",
    ...KUBERNETES,
    "--values",
    valuesFile,
    ...more,
  );
}

/** @throws Error with what is wrong with the chart or the values. */
export function lint(valuesFile: string): string {
  return helm("lint", "--strict", CHART, ...KUBERNETES, "--values", valuesFile);
}

/** @throws Error with what this version of Kubernetes would have against the manifests. */
export function validate(file: string, kubernetes: string): string {
  return run("kubernetes-validate", "--strict", "--kubernetes-version", kubernetes, file);
}

function helm(...args: readonly string[]): string {
  return run("helm", ...args);
}

interface Manifest {
  readonly file: string;
  /** What of the chart it is; all of it without any. */
  readonly options: readonly string[];
}

/** Of one set of values: all that Kubernetes itself knows, and what an operator of Prometheus, and KEDA, are asked for. */
export const MANIFESTS: readonly Manifest[] = [
  { file: at("kubernetes/helix-replay.yaml"), options: ["--set", "serviceMonitor.enabled=false"] },
  { file: at("kubernetes/service-monitor.yaml"), options: ["--show-only", "templates/servicemonitor.yaml"] },
  {
    file: at("kubernetes/scaled-object.yaml"),
    options: ["--set", "keda.enabled=true", "--show-only", "templates/scaledobject.yaml"],
  },
];

/** Without what is true of a release of helm alone. */
export function manifestText({ options }: Manifest): string {
  const text = rendered(at("kubernetes/values.yaml"), ...options);
  const plain = text.replace(
    /^ *(# Source: .*|helm\.sh\/chart: .*|app\.kubernetes\.io\/managed-by: .*)\n/gm,
    "",
  );
  return `# Made of the chart and of values.yaml by \`npx -y pnpm@12 chart\`.\n${plain}`;
}
