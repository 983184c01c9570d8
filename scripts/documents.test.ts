import { existsSync, globSync, readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";

const cwd = fileURLToPath(new URL("..", import.meta.url));
const read = (path: string) => readFileSync(join(cwd, path), "utf8");
const documents = globSync(
  ["*.md", "{docs,deploy}/**/*.md", "{packages,internal,apps,examples}/*/README.md", "bench/*.md"],
  { cwd },
);
const scripts = Object.keys(JSON.parse(read("package.json")).scripts);

/** What GitHub calls the section of a heading. */
const anchorOf = (heading: string) =>
  heading
    .replace(/\[([^\]]*)\]\([^)]*\)/g, "$1")
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, "")
    .replace(/\s/g, "-");
const anchorsIn = (path: string) =>
  Array.from(read(path).matchAll(/^#+ (.*)$/gm), ([, heading = ""]) => anchorOf(heading));
const exists = (path: string) => existsSync(join(cwd, path));

function leadsNowhere(from: string, link: string): boolean {
  const [path = "", anchor] = link.split("#");
  const target = path === "" ? from : join(dirname(from), path);
  if (!exists(target)) return true;
  const page = statSync(join(cwd, target)).isDirectory() ? join(target, "README.md") : target;
  return anchor !== undefined && !(exists(page) && anchorsIn(page).includes(anchor));
}

test("the documents are found, each that a newcomer would read", () => {
  expect(documents).toEqual(
    expect.arrayContaining(["README.md", "deploy/README.md", "docs/operating/runbook.md"]),
  );
  expect(documents.length).toBeGreaterThan(25);
});

test("the README names each package that people may install", () => {
  const published = globSync("{packages,apps}/*/package.json", { cwd }).filter(
    (path) => !JSON.parse(read(path)).private,
  );
  const table = read("README.md").split("## Packages")[1] ?? "";
  expect(published.map(dirname).filter((folder) => !table.includes(`](${folder})`))).toEqual([]);
});

describe.each(documents)("%s", (document) => {
  const text = read(document);

  test("has no link to a file or a section that is not there", () => {
    const links = Array.from(text.matchAll(/\]\((?!https?:)([^)\s]+)\)/g), ([, link = ""]) => link);
    expect(links.filter((link) => leadsNowhere(document, link))).toEqual([]);
  });

  test("orders no command of the repository that it has not, nor one by a pnpm that nobody has installed", () => {
    const ordered = Array.from(text.matchAll(/pnpm@12(?: -[sw])* ([a-z:]+)/g), ([, script = ""]) => script);
    expect(ordered.filter((script) => ![...scripts, "exec", "install"].includes(script))).toEqual([]);
    expect(text.match(/^ *pnpm .*$/gm) ?? []).toEqual([]);
  });

  // In a package's folder pnpm would take its bin instead, which is not built.
  test("orders `helix` of a clone from whichever folder somebody is in", () => {
    expect(text.match(/pnpm@12(?!( -s)? -w)( -s)? helix/g) ?? []).toEqual([]);
  });
});
