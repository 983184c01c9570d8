import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { configOf, manifestsIn, podOf } from "./deployed-pod.ts";
import {
  DEFAULTS,
  HAS_HELM,
  HAS_VALIDATOR,
  lint,
  MANIFESTS,
  manifestText,
  rendered,
  VALUE_SETS,
  validate,
} from "./helm.ts";

const LEAST = VALUE_SETS.find(({ name }) => name === "least.yaml")?.file ?? "";

describe.skipIf(!HAS_HELM)("the chart, rendered by helm,", { timeout: 30_000 }, () => {
  test.each(VALUE_SETS)("is a pod that takes its configuration: $name", ({ file }) => {
    lint(file);
    const manifests = manifestsIn(rendered(file));
    const { stop } = configOf(manifests);
    expect(podOf(manifests).terminationGracePeriodSeconds).toBe(stop.graceMs / 1000 + 10);
  });

  test.each<[string, string]>([
    ["config.worker.batchsize=1", "batchsize"],
    ["config.worker.batchSize=0", "batchSize"],
    ["config.stop.graceMs=1000", "stop"],
    ["config.nats.password=p", "password"],
    ["config.clusterB.localDataCenter=", "localDataCenter"],
    ["replica=3", "replica"],
    ["readinessPath=/healthz", "readinessPath"],
    ["stopGraceSeconds=0", "stopGraceSeconds"],
    ["existingSecrets.nats.HELIX_NATS_PASSWORD=password", "HELIX_NATS_PASSWORD"],
    ["extraEnv[0].name=HELIX_STOP_GRACE_MS", "extraEnv"],
    ["image.digest=latest", "digest"],
    ["image.repository=", "image.repository is required"],
    ["keda.enabled=true", "keda.serverAddress is required"],
    ["keda.minReplicas=0", "minReplicas"],
    ["admin.service.enabled=true", "admin.service.tlsSecret is required"],
  ])("refuses %s, and names what is wrong", (value, named) => {
    expect(() => rendered(LEAST, "--set", value)).toThrow(named);
  });

  test.skipIf(!HAS_VALIDATOR).each(["1.27", "1.34"])(
    "is what Kubernetes %s takes",
    { timeout: 120_000 },
    (kubernetes) => {
      const all = VALUE_SETS.flatMap(({ file }) => rendered(file).split(/^---$/m));
      const ofKubernetes = all.filter(
        (text) => !/^apiVersion: (keda\.sh|monitoring\.coreos\.com)\//m.test(text),
      );
      const folder = mkdtempSync(join(tmpdir(), "helix-chart-"));
      const file = join(folder, "manifests.yaml");
      writeFileSync(file, ofKubernetes.join("\n---\n"));
      expect(validate(file, kubernetes)).not.toContain("did not validate");
      const wrong = "automountServiceAccountToken: false";
      writeFileSync(file, ofKubernetes.join("\n---\n").replace(wrong, wrong.replace("Token", "Tokn")));
      expect(() => validate(file, kubernetes)).toThrow("automountServiceAccountTokn");
      rmSync(folder, { recursive: true });
    },
  );

  test("refuses to be rendered without a setting that has no default, and names it", () => {
    expect(() => rendered(DEFAULTS)).toThrow("config.nats.servers is required");
  });

  test.each(MANIFESTS)("is what $file says: `npx -y pnpm@12 chart` writes it", (manifest) => {
    expect(readFileSync(manifest.file, "utf8")).toBe(manifestText(manifest));
  });
});
