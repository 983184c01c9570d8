import { readFileSync } from "node:fs";
import { METRICS } from "@helix/core";
import { describe, expect, it } from "vitest";
import { rulesOf } from "./queries.ts";

const read = (path: string) => readFileSync(new URL(`../../../${path}`, import.meta.url), "utf8");
const RUNBOOK = read("docs/operating/runbook.md");
const SECTIONS = RUNBOOK.split(/^## /m).slice(1);

/** As the pages that show it make them of headings, and those that are written there. */
const anchors = [
  ...SECTIONS.map((text) => (text.split("\n", 1)[0] ?? "").toLowerCase().replaceAll(" ", "-")),
  ...[...RUNBOOK.matchAll(/<a id="([a-z-]+)">/g)].map(([, id = ""]) => id),
];

describe("the runbook has a section for", () => {
  it.each(rulesOf().flatMap(({ alert, annotations }) => (alert ? [[alert, annotations?.runbook_url]] : [])))(
    "the alert %s, which names it",
    (alert, url) => {
      const anchor = url?.split("#")[1] ?? "";
      expect(anchors).toContain(anchor);
      expect(SECTIONS[anchors.indexOf(anchor)]).toContain(alert);
    },
  );

  it.each(METRICS.helix_warning.results)("the warning %s", (code) => expect(anchors).toContain(code));

  // The doctor's table in the README of the package has them all.
  const codes = [
    ...read("packages/operations/README.md").matchAll(
      /`([a-z-]+)`(?=[^|\n]*\| (?:loss|standstill|exposure|advice))/g,
    ),
  ];
  it.each(codes.map(([, code = ""]) => code))("%s, which the doctor finds", (code) => {
    expect(anchors).toContain(code);
  });
});

it("each section but the doctor's says what it means, where to look, what to do and what not to do", () => {
  for (const text of SECTIONS.slice(0, -1)) {
    for (const part of ["**Means**", "**Look**", "**Do**", "**Not**"]) expect(text, part).toContain(part);
  }
});

it("each link of the runbook to a section of it leads there", () => {
  const links = [...RUNBOOK.matchAll(/\]\(#([a-z-]+)\)/g)].map(([, anchor = ""]) => anchor);
  expect(links.length).toBeGreaterThan(10);
  expect(links.filter((anchor) => !anchors.includes(anchor))).toEqual([]);
});

it("each variable and code that the runbook names is in a README", () => {
  const folders = ["apps/replay-service", "apps/cli", "packages/client", "packages/replayer-nats"];
  const readmes = folders.map((folder) => read(`${folder}/README.md`)).join("\n");
  const names = RUNBOOK.match(/HELIX_[A-Z_]+[A-Z]/g) ?? [];
  expect(names.length).toBeGreaterThan(20);
  expect(names.filter((name) => !readmes.includes(name))).toEqual([]);
});
