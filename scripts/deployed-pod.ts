import { parseAllDocuments } from "yaml";
import { type LoadedConfig, loadConfig } from "../apps/replay-service/src/config/load-config.ts";
import { certificates } from "../internal/testkit/src/certificates.ts";

interface Variable {
  readonly name: string;
  readonly value?: string;
}

/** What of the manifests a test looks at. */
export interface Manifest {
  readonly kind: string;
  readonly spec: {
    readonly minReplicaCount?: number;
    readonly fallback?: { readonly replicas: number };
    readonly triggers?: readonly { readonly metadata: Readonly<Record<string, string>> }[];
    readonly template: { readonly spec: PodSpec };
  };
  readonly data?: Readonly<Record<string, string>>;
}

interface PodSpec {
  readonly terminationGracePeriodSeconds: number;
  readonly automountServiceAccountToken: boolean;
  readonly containers: readonly { readonly env: readonly Variable[] }[];
}

export function manifestsIn(yaml: string): Manifest[] {
  return parseAllDocuments(yaml).flatMap((document) => {
    if (document.errors.length > 0) throw document.errors[0];
    const manifest: Manifest | null = document.toJS();
    return manifest === null ? [] : [manifest];
  });
}

export function podOf(manifests: readonly Manifest[]): PodSpec {
  const deployment = manifests.find(({ kind }) => kind === "Deployment");
  if (deployment === undefined) throw new Error("There is no Deployment");
  return deployment.spec.template.spec;
}

/** The configuration that the pod of these manifests would read. @throws ConfigError if it refused to start. */
export function configOf(manifests: readonly Manifest[]): LoadedConfig["config"] {
  const variables = podOf(manifests).containers.flatMap(({ env }) => env);
  // One that comes from a Secret has some value.
  const env = Object.fromEntries(variables.map(({ name, value = "a value" }) => [name, value]));
  const json = manifests.find(({ kind }) => kind === "ConfigMap")?.data?.["config.json"] ?? "";
  return loadConfig(env, (path) => (path === env.HELIX_CONFIG_FILE ? json : contentOf(path, variables)))
    .config;
}

/** What a file that is named by a variable, or by the chart, may hold. */
function contentOf(path: string, variables: readonly Variable[]): string {
  const name = variables.find(({ value }) => value === path)?.name ?? path;
  if (/CA_FILE$/.test(name)) return certificates.authority;
  if (/CERT_FILE$|tls\.crt$/.test(name)) return certificates.client;
  if (/KEY_FILE$|tls\.key$/.test(name)) return certificates.key;
  return "a-secret-of-more-than-32-characters";
}
