import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { waitFor } from "@helix/testkit";
import { describe, expect, test } from "vitest";
import { TOKENS } from "../admin.ts";
import { faultsOf, heldBy, type PageRig, sidewaysOf, usePageRig } from "./page-rig.ts";
import { startPrefixProxy } from "./prefix-proxy.ts";

let rig: PageRig;
usePageRig((started) => {
  rig = started;
});

test("an outage is seen coming and going", async () => {
  await using page = await rig.open();
  const B = page.getByRole("article", { name: "Cluster B" });
  await B.locator(".mark", { hasText: "open" }).waitFor();
  await rig.B.set("refuse");
  await rig.write(200);
  await B.locator(".mark", { hasText: "away" }).waitFor();
  await B.getByText("200 waiting").waitFor();
  await rig.B.set("pass");
  await B.getByText("nothing waits").waitFor();
  await B.locator(".mark", { hasText: "open" }).waitFor();
});

test("while the pod is gone what was seen last stays, as old, and another one at its address is seen without a token typed again", async () => {
  await using page = await rig.open();
  const B = page.getByRole("article", { name: "Cluster B" });
  await B.getByText("nothing waits").waitFor();
  await rig.restart(async () => {
    await page.getByText(/^As of .* ago; the pod does not answer/).waitFor();
    expect(await B.getByText("nothing waits").isVisible()).toBe(true);
  });
  await page.locator(".stale").waitFor({ state: "detached" });
});

describe("a token", () => {
  test("that is not known any more, as while a dialog is open, is asked for again, once, and the next one is typed at once, by the keys alone", async () => {
    await rig.die(1);
    await using page = await rig.open({ right: "read", hash: "#dead?cluster=B" });
    await page.locator("button.link").click();
    await page.getByRole("dialog").waitFor();
    const refusals: string[] = [];
    page.on("response", (response) => response.status() === 401 && refusals.push(response.url()));
    await rig.setReadTokens(`${TOKENS.read}-2`);
    await page.getByRole("alert").getByText("The pod does not know this token, or not any more").waitFor();
    await page.keyboard.type(`${TOKENS.read}-2`);
    await page.keyboard.press("Enter");
    await page.getByRole("article", { name: "Cluster B" }).waitFor();
    // Each that was under way; ten a minute would close the door to this address.
    expect(refusals.length).toBeLessThan(6);
    await rig.setReadTokens(TOKENS.read);
  });

  test("is in no address, and is gone with the tab", async () => {
    await using page = await rig.open();
    const asked: string[] = [];
    page.on("request", (request) => asked.push(request.url()));
    await page.getByRole("article", { name: "Cluster B" }).waitFor();
    await page.reload();
    await page.getByRole("article", { name: "Cluster B" }).waitFor();
    expect(asked.join()).toContain("/v1/status");
    expect([...asked, page.url()].filter((url) => url.includes(TOKENS.destroy))).toEqual([]);
    const other = await page.context().newPage();
    await other.goto(rig.url);
    await other.getByLabel("Token of the admin API").waitFor();
    expect(await other.evaluate("JSON.stringify([localStorage, document.cookie])")).toBe('[{},""]');
  });
});

test.each<[string, { readonly status?: number; readonly body?: string } | undefined, RegExp]>([
  ["answers 500", { status: 500, body: "<html>oops" }, /answered with 500, and not by a pod/],
  ["answers nothing", undefined, /the pod does not answer/],
  ["answers what is no JSON", { status: 200, body: "<html>" }, /is not from a pod/],
  ["answers another thing", { status: 200, body: '{"clusters":{"A":null}}' }, /is not as expected/],
  [
    "is too busy",
    { status: 503, body: '{"error":{"code":"HELIX_API_BUSY","message":"Ten at once"}}' },
    /Ten at once/,
  ],
])("where the server %s it is said in words, and nothing is blank for good", async (_, answer, words) => {
  await using page = await rig.open({ isTimeOurs: true });
  const B = page.getByRole("article", { name: "Cluster B" });
  await B.waitFor();
  await page.route("**/v1/status", (route) => (answer ? route.fulfill(answer) : route.abort()));
  await page.clock.fastForward(2_000);
  await page.getByText(words).first().waitFor();
  await page.unroute("**/v1/status");
  await page.clock.fastForward(15_000);
  await B.waitFor();
  await page.getByText(words).first().waitFor({ state: "hidden" });
});

test("a part that alone is not answered says so in its place, and shows what was there before as such", async () => {
  await using page = await rig.open({ isTimeOurs: true });
  const letters = page.getByRole("region", { name: "Dead letters", exact: true });
  await letters.getByText("There are none").waitFor();
  await page.route("**/v1/dead-letters/groups?*", (route) => route.abort());
  await page.clock.fastForward(15_000);
  await letters.getByText("The pod does not answer. What is shown is from before.").waitFor();
  await page.reload();
  await letters.getByText("The pod does not answer.", { exact: true }).waitFor();
  await page.unroute("**/v1/dead-letters/groups?*");
  await page.clock.fastForward(15_000);
  await letters.getByText("There are none").waitFor();
});

test("under the path of a proxy it works as without", async () => {
  await using proxy = await startPrefixProxy("/ops/helix", Number(new URL(rig.url).port));
  await using page = await rig.open({ url: proxy.url });
  await page.getByRole("article", { name: "Cluster B" }).waitFor();
});

test("without its script it says what to do", async () => {
  await using page = await rig.open();
  await page.route("**/*.js", (route) => route.abort());
  await page.reload();
  await page.getByText("This page is not complete").waitFor();
});

test("a page of somebody else's can neither ask, nor order, nor show this one in a frame", async () => {
  const evil = createServer(
    (_, response) => void response.setHeader("content-type", "text/html").end("<p>evil"),
  );
  evil.listen(0, "127.0.0.1");
  await waitFor(() => evil.listening, { timeoutMs: 5_000, describe: "it listens" });
  await using page = await rig.open();
  await page.goto(`http://127.0.0.1:${(evil.address() as AddressInfo).port}/`);
  const body = JSON.stringify({ by: "evil", why: "evil", revision: 0 });
  const send = (type: string, more: string) =>
    page.evaluate(
      `fetch("${rig.url}v1/gates/B/pause", { method: "POST", body: ${JSON.stringify(body)}, headers: { "content-type": "${type}" ${more} } }).then(String, String)`,
    );
  const withToken = `, authorization: "Bearer ${TOKENS.operate}", "idempotency-key": "evil-evil-evil"`;
  expect(await send("application/json", withToken)).toContain("Failed to fetch");
  expect(await send("text/plain", "")).toContain("Failed to fetch");
  const framed = await page.evaluate(
    `new Promise((resolve) => { const frame = document.createElement("iframe"); frame.onload = () => resolve(String(frame.contentDocument)); frame.src = "${rig.url}"; document.body.append(frame); })`,
  );
  expect([framed, page.frames().map((frame) => frame.url())]).toEqual([
    "null",
    [page.url(), "chrome-error://chromewebdata/"],
  ]);
  const { clusters } = await rig.ask("status");
  expect(clusters.B.gate?.state).toBe("open");
  evil.close();
  rig.complaints.length = 0;
});

describe("whoever cannot see or point as others do", () => {
  test("keeps the link of a warning that is focused while the words of that change", async () => {
    await using page = await rig.open();
    const B = page.getByRole("article", { name: "Cluster B" });
    await B.waitFor();
    let looks = 0;
    const withMore = (path: string, more: (json: { warnings: object[] }) => object) =>
      page.route(path, async (route) => {
        const response = await route.fetch();
        await route.fulfill({ response, json: more(await response.json()) });
      });
    await withMore("**/v1/me", (json) => ({ ...json, runbookUrl: "https://wiki.example/helix" }));
    await withMore("**/v1/status", (json) => ({
      ...json,
      warnings: [{ code: "stuck", cluster: "B", sentence: `look ${++looks} is stuck` }],
    }));
    await page.reload();
    const link = page.getByRole("link", { name: "Runbook: stuck" });
    await link.focus();
    const before = looks;
    await page.getByText(`look ${before + 2} is stuck`).waitFor();
    expect(await page.evaluate("document.activeElement.textContent")).toBe("Runbook: stuck");
    await page.unrouteAll({ behavior: "ignoreErrors" });
  });

  test.each([
    ["light", 390],
    ["light", 1440],
    ["dark", 390],
    ["dark", 1440],
  ] as const)("finds no fault of axe's rules, %s and %i px wide", async (colorScheme, width) => {
    await using page = await rig.open({ colorScheme, width });
    await page.getByRole("article", { name: "Cluster B" }).waitFor();
    expect(await faultsOf(page)).toEqual([]);
    await page.evaluate("sessionStorage.clear()");
    await page.reload();
    await page.getByLabel("Token of the admin API").waitFor();
    expect(await faultsOf(page)).toEqual([]);
  });

  test.each([320, 390])("need not scroll sideways at %i px", async (width) => {
    await using page = await rig.open({ width });
    await page.getByRole("article", { name: "Cluster B" }).waitFor();
    expect(await sidewaysOf(page)).toEqual([]);
  });
});

test("a page that was open for long holds no more than one that was just opened", {
  timeout: 200_000,
}, async () => {
  await using page = await rig.open({ isTimeOurs: true });
  let answers = 0;
  page.on("requestfinished", (request) => {
    if (request.url().endsWith("/v1/status")) answers++;
  });
  const untilAnswered = (count: number) =>
    waitFor(
      async () => {
        await page.clock.runFor(2_000);
        return answers >= count;
      },
      // The pod answers a hundred requests a second, of which a look of the page takes a few.
      { timeoutMs: 90_000, intervalMs: 100, describe: () => `${count} answers; there were ${answers}` },
    );
  await page.getByRole("article", { name: "Cluster B" }).waitFor();
  await untilAnswered(20);
  const before = await heldBy(page);
  await untilAnswered(120);
  const after = await heldBy(page);
  expect(after.nodes - before.nodes).toBeLessThan(50);
  expect(after.listeners - before.listeners).toBeLessThan(20);
  expect(after.bytes - before.bytes).toBeLessThan(1_000_000);
});
