import { readFileSync } from "node:fs";
import { parse } from "yaml";

const read = (path: string) => readFileSync(new URL(`../../../deploy/${path}`, import.meta.url), "utf8");

export interface Rule {
  readonly alert?: string;
  readonly record?: string;
  readonly expr: string;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly labels?: Readonly<Record<string, string>>;
}

export function rulesOf(text = read("prometheus/alerts.yml")): Rule[] {
  const { groups } = parse(text) as { groups: { rules: Rule[] }[] };
  return groups.flatMap(({ rules }) => rules);
}

export interface RuleTest {
  readonly alert_rule_test: { readonly alertname: string; readonly exp_alerts: readonly unknown[] }[];
}

export function ruleTests(): RuleTest[] {
  return (parse(read("prometheus/alerts.test.yml")) as { tests: RuleTest[] }).tests;
}

/** What the panels of the dashboard ask, by their titles, as Grafana sends it. */
export function panelQueries(): [string, string][] {
  const { panels } = JSON.parse(read("grafana/helix.json")) as { panels: Panel[] };
  return panels.flatMap(({ title, targets = [] }) =>
    targets.map(({ expr }): [string, string] => [title, expr.replaceAll("$__rate_interval", "1m")]),
  );
}

/** What makes pods more or fewer, as the chart has it. */
export function scalerQuery(): string {
  const { spec } = parse(read("kubernetes/scaled-object.yaml")) as ScaledObject;
  return spec.triggers.map(({ metadata }) => metadata.query).join();
}

interface ScaledObject {
  readonly spec: { readonly triggers: readonly { readonly metadata: { readonly query: string } }[] };
}

interface Panel {
  readonly title: string;
  readonly targets?: readonly { readonly expr: string }[];
}
