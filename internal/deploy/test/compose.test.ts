import { execFile } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";

interface Service {
  readonly image: string;
  readonly pull_policy?: string;
  readonly profiles?: readonly string[];
  readonly ports?: readonly string[];
  readonly volumes?: readonly string[];
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly mem_limit?: string;
  readonly healthcheck?: object;
  readonly deploy?: { readonly replicas: number };
}

const root = new URL("../../../", import.meta.url);
const read = (path: string) => readFileSync(new URL(path, root), "utf8");
const file = parse(read("docker-compose.yml"), { merge: true });
const services = Object.entries<Service>(file.services);
const SERVERS = ["cassandra-a", "cassandra-b", "nats"];

const compose = (...args: string[]) =>
  promisify(execFile)("docker", ["compose", ...args], { cwd: fileURLToPath(root) });
const hasCompose = await compose("version").then(
  () => true,
  () => false,
);

describe("docker-compose.yml", () => {
  test("starts everything by the profile that `.env` names, and without it the servers alone", () => {
    expect(read(".env")).toMatch(/^COMPOSE_PROFILES=all$/m);
    expect(services.filter(([, { profiles }]) => profiles === undefined).map(([name]) => name)).toEqual(
      SERVERS,
    );
    for (const [, { profiles = ["all"] }] of services) expect(profiles).toEqual(["all"]);
  });

  test.each(services)(
    "has a check, a bound for the memory and no port but this machine's for %s",
    (_, service) => {
      expect(service).toMatchObject({ healthcheck: expect.anything(), mem_limit: expect.any(String) });
      for (const port of service.ports ?? []) expect(port).toMatch(/^127\.0\.0\.1:/);
      for (const volume of service.volumes ?? []) {
        const [source = ""] = volume.split(":");
        expect(
          source.startsWith("./") ? existsSync(new URL(source, root)) : source in file.volumes,
          source,
        ).toBe(true);
      }
      for (const { condition } of Object.values(service.depends_on ?? {}))
        expect(condition).toBe("service_healthy");
    },
  );

  // Compose would ask the registry before it builds, and run what anybody has put there by that name.
  test("pulls no image by a name that is ours", () => {
    const ours = services.filter(([, { image }]) => image.startsWith("helix/"));
    expect(ours.map(([name, { pull_policy }]) => [name, pull_policy])).toEqual([
      ["replay-service", "build"],
      ["application", "never"],
    ]);
  });

  test("needs no more memory than a laptop has", () => {
    const megabytes = services.map(
      ([, { mem_limit, deploy }]) => Number.parseInt(mem_limit ?? "", 10) * (deploy?.replicas ?? 1),
    );
    expect(megabytes.reduce((sum, one) => sum + one)).toBeLessThanOrEqual(4.5 * 1024);
  });

  test("gives the pods a token that nobody can take for a secret", () => {
    const token = read(file.secrets["admin-token"].file);
    expect(token).toContain("laptop-only");
    expect(token.length).toBeGreaterThanOrEqual(32);
  });

  test.runIf(hasCompose)("is taken by `docker compose` as it stands", async () => {
    const services = async (...args: string[]) =>
      (await compose(...args, "config", "--services")).stdout.split("\n").filter(Boolean).sort();
    expect(await services()).toEqual(Object.keys(file.services).sort());
    expect(await services("--profile", "dev")).toEqual(SERVERS);
  });
});
