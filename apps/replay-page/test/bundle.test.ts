import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { build } from "tsdown";
import { afterAll, beforeAll, expect, test } from "vitest";

const MOST_BYTES = 60 * 1024;

const folder = mkdtempSync(join(tmpdir(), "helix-page-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const files = new Map<string, string>();
beforeAll(async () => {
  await build({
    cwd: new URL("..", import.meta.url).pathname,
    outDir: folder,
    logLevel: "silent",
  });
  for (const name of readdirSync(folder)) files.set(name, readFileSync(join(folder, name), "utf8"));
}, 60_000);

test("the page is one HTML, one script and one style sheet, which have their hashes in their names", () => {
  const unhashed = [...files.keys()].map((name) => name.replace(/^page-[\w-]{8}\./, "page-HASH."));
  expect(unhashed.toSorted()).toEqual(["index.html", "page-HASH.css", "page-HASH.js"]);
});

test("all of it has 60 KB at the most as it is sent", () => {
  const bytes = [...files.values()].reduce((sum, text) => sum + gzipSync(text).length, 0);
  expect(bytes).toBeGreaterThan(1_000);
  expect(bytes).toBeLessThanOrEqual(MOST_BYTES);
});

test("nothing of it is inline, or from elsewhere: a strict policy lets all of it through, under whatever path", () => {
  const html = files.get("index.html") ?? "";
  const loaded = [...html.matchAll(/(?:src|href)="([^"]*)"/g)].map(([, address]) => address);
  const own = [...files.keys()].filter((name) => name !== "index.html").map((name) => `./${name}`);
  expect(loaded.toSorted()).toEqual(["data:,", ...own].toSorted());
  expect(html).not.toMatch(/<style|style=|<script[^>]*>[^<]| on\w+=/);
});

test("nothing of Node, and no schema, is in the script", () => {
  const script = [...files].find(([name]) => name.endsWith(".js"))?.[1] ?? "";
  expect(script).toContain("v1/status");
  expect(script).not.toMatch(/from\s*"|node:|ZodType|dangerouslySetInnerHTML\s*[=:]\s*\{/);
});
