import type { Page } from "playwright-core";
import { describe, expect, test } from "vitest";
import { faultsOf, type PageRig, sidewaysOf, usePageRig } from "./page-rig.ts";

/** 100,000 by hand: to make so many takes a minute or two. */
const LETTERS = Number(process.env.HELIX_PAGE_LETTERS ?? 2_000);

let rig: PageRig;
usePageRig((started) => {
  rig = started;
});

const section = (page: Page, name: string) => page.getByRole("region", { name, exact: true });
const clusterB = (page: Page) => page.getByRole("article", { name: "Cluster B" });

async function order(page: Page, button: string, why: string): Promise<void> {
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Who", { exact: true }).fill("anna");
  await dialog.getByLabel("Why", { exact: true }).fill(why);
  await dialog.getByRole("button", { name: button }).click();
}

const state = async () => (await rig.ask("status")).clusters.B.gate?.state;

describe("a pause", () => {
  test("is ordered and taken back by the keys alone, and the focus stays where it was", async () => {
    await using page = await rig.open();
    const focused = () => page.evaluate<string>("document.activeElement.textContent");
    const tabTo = async (text: string, isDone = async () => (await focused()) === text) => {
      for (let n = 0; n < 60 && !(await isDone()); n++) await page.keyboard.press("Tab");
      expect(await focused()).toBe(text);
    };
    const inB = async () =>
      page.evaluate<boolean>(
        `document.activeElement.getAttribute("aria-describedby") === "cluster-B" && document.activeElement.textContent.startsWith("Pause")`,
      );
    await clusterB(page).waitFor();
    await tabTo("Pause …", inB);
    await page.keyboard.press("Enter");
    await page.getByRole("dialog", { name: "Pause B" }).waitFor();
    await page.keyboard.press("Tab");
    await page.keyboard.type("anna");
    await page.keyboard.press("Tab");
    await page.keyboard.type("schema change");
    await page.keyboard.press("Enter");
    await clusterB(page).getByText("B: paused by anna, schema change").waitFor();
    await page.getByRole("dialog").waitFor({ state: "detached" });
    expect([await state(), await focused()]).toEqual(["paused", "Resume …"]);
    await page.keyboard.press("Enter");
    await page.keyboard.press("Tab");
    await page.keyboard.type("it is done");
    await page.keyboard.press("Enter");
    await clusterB(page).locator(".mark", { hasText: "open" }).waitFor();
    expect(await state()).toBe("open");
  });

  test("over what somebody else has ordered meanwhile changes nothing, and says what that was", async () => {
    await using page = await rig.open();
    await clusterB(page).getByRole("button", { name: "Pause" }).click();
    const { revisions } = await rig.ask("status");
    const body = { by: "bob", why: "new disks", revision: revisions.gates ?? 0 };
    await rig.ask("drain", { params: { cluster: "B" }, body });
    await order(page, "Pause B", "schema change");
    await page.getByRole("dialog").getByText("bob").waitFor();
    expect(await state()).toBe("drained");
  });

  test("whose dialog is left while it is under way closes no other, and is told of when it is over", async () => {
    await using page = await rig.open();
    let answer = () => {};
    const isAnswered = new Promise<void>((resolve) => {
      answer = resolve;
    });
    await page.route("**/v1/gates/B/pause", async (route) => {
      await isAnswered;
      await route.fulfill({ status: 502, body: "<html>" });
    });
    await clusterB(page).getByRole("button", { name: "Pause" }).click();
    await order(page, "Pause B", "schema change");
    await page.getByRole("button", { name: "Sending …" }).waitFor();
    await page.keyboard.press("Escape");
    await clusterB(page).getByRole("button", { name: "Drain" }).click();
    const drain = page.getByRole("dialog", { name: "Drain B" });
    await drain.getByLabel("Why", { exact: true }).fill("new disks");
    answer();
    const news = page.getByRole("status").filter({ hasText: "Pause B, after its dialog was left: " });
    await news.getByText("It was answered with 502, and not by a pod. It may have been done").waitFor();
    expect(await drain.getByLabel("Why", { exact: true }).inputValue()).toBe("new disks");
    await page.keyboard.press("Escape");
    await page.getByRole("button", { name: "I have read it" }).click();
    await news.waitFor({ state: "detached" });
  });

  test("of which a proxy has no answer may have been done, and is done once where it is pressed again", async () => {
    await using page = await rig.open();
    await page.route(
      "**/v1/gates/B/pause",
      async (route) => {
        await route.fetch();
        await route.fulfill({ status: 504, body: "<html>" });
      },
      { times: 1 },
    );
    await clusterB(page).getByRole("button", { name: "Pause" }).click();
    await order(page, "Pause B", "schema change");
    await page.getByRole("dialog").getByText("it is not done twice").waitFor();
    const { gates } = (await rig.ask("status")).revisions;
    await page.getByRole("button", { name: "Pause B" }).click();
    await page.getByRole("dialog").waitFor({ state: "detached" });
    expect([await state(), (await rig.ask("status")).revisions.gates]).toEqual(["paused", gates]);
  });

  test("is refused to a token without the right, whatever has become of the button", async () => {
    await using page = await rig.open({ right: "read" });
    await page.getByText("Read-only").waitFor();
    expect(await section(page, "Clusters").locator("button:enabled").count()).toBe(0);
    const button = clusterB(page).getByRole("button", { name: "Pause" });
    await button.evaluate((one: { disabled?: boolean; click(): void }) => {
      one.disabled = false;
      one.click();
    });
    await order(page, "Pause B", "schema change");
    await page.getByRole("alert").getByText("This token has not the right “operate”").waitFor();
    expect(await state()).toBe("open");
  });
});

describe("dead letters", () => {
  test("are redriven, a thousand of them, as many as were shown; the one percent that is still poisonous dies again", async () => {
    await rig.die(1_000, { poisonous: 10 });
    await using page = await rig.open();
    await section(page, "Dead letters").getByText("1,000 letters of 1 kind").waitFor();
    await page.getByRole("button", { name: "Redrive all" }).click();
    await order(page, "Redrive 1,000 letters", "the schema is cured");
    await section(page, "Jobs")
      .getByRole("row", { name: "the schema is cured" })
      .getByText("1,000 of 1,000")
      .waitFor();
    await section(page, "Dead letters").getByText("10 letters of 1 kind").waitFor();
    const [group] = (await rig.ask("deadLetterGroups")).groups;
    expect(group).toMatchObject({ count: 10, redrivenBefore: 10, reason: "rejected" });
  });

  test("go on dying while a redrive is ordered, and those are not touched", async () => {
    await rig.die(5);
    await using page = await rig.open();
    await page.getByRole("button", { name: "Redrive all" }).click();
    await page.getByRole("button", { name: "Redrive 5 letters" }).waitFor();
    await rig.die(3);
    await order(page, "Redrive 5 letters", "cured");
    await section(page, "Jobs").getByRole("row", { name: "cured" }).getByText("5 of 5").waitFor();
    expect(await rig.dead()).toBe(3);
  });

  test("are redriven no further than where it is cancelled", async () => {
    await rig.die(400);
    await using page = await rig.open();
    await page.getByRole("button", { name: "Redrive all" }).click();
    await page.getByLabel("At most so many per second").fill("40");
    await order(page, "Redrive 400 letters", "carefully");
    const job = section(page, "Jobs").getByRole("row", { name: "carefully" });
    await job.getByRole("button", { name: "Cancel" }).click();
    await order(page, "Cancel the redrive", "a mistake");
    await job.locator(".mark", { hasText: "cancelled" }).waitFor();
    await job.getByText("cancelled by anna: a mistake").waitFor();
    const { jobs } = await rig.ask("jobs");
    const { state: ended, counts } = jobs[0] ?? {};
    expect(ended).toBe("cancelled");
    expect(counts?.done).toBeLessThan(400);
    expect(await rig.dead()).toBe(400 - (counts?.done ?? 0));
  });

  test("are redriven once where the answer was lost and it is pressed again", async () => {
    await rig.die(7);
    const before = (await rig.ask("jobs")).jobs.length;
    await using page = await rig.open();
    await page.route(
      "**/v1/jobs/redrive",
      async (route) => {
        await route.fetch();
        await route.abort();
      },
      { times: 1 },
    );
    await page.getByRole("button", { name: "Redrive all" }).click();
    await order(page, "Redrive 7 letters", "cured");
    await page.getByRole("dialog").getByText("it is not done twice").waitFor();
    await page.getByRole("button", { name: "Redrive 7 letters" }).click();
    await page.getByRole("dialog").waitFor({ state: "detached" });
    expect((await rig.ask("jobs")).jobs.length - before).toBe(1);
  });

  test("are discarded only when their number is typed in", async () => {
    await rig.die(12);
    await using page = await rig.open();
    const link = page.getByRole("link", {
      name: "Show these 12: cluster B, page_test.users, held",
      exact: true,
    });
    const button = page.getByRole("button", { name: "Discard all" });
    const topOf = async (one: typeof link) => (await one.boundingBox())?.y ?? 0;
    expect(await topOf(button)).toBeLessThan(await topOf(link));
    await button.click();
    const discard = page.getByRole("button", { name: "Discard 12 letters" });
    await discard.waitFor();
    expect(await discard.isDisabled()).toBe(true);
    await page.getByLabel("Type 12").fill("21");
    expect(await discard.isDisabled()).toBe(true);
    await page.getByLabel("Type 12").fill("12");
    await order(page, "Discard 12 letters", "test rows");
    await section(page, "Jobs").getByRole("row", { name: "test rows" }).getByText("12 of 12").waitFor();
    await page.getByRole("link", { name: "Discarded" }).click();
    await section(page, "Dead letters")
      .getByText(/letters? of/)
      .waitFor();
    expect(await rig.dead()).toBe(0);
  });

  test("whose text tries to be HTML are text, and so is what people have written", async () => {
    const html = `<img src=x onerror="document.title='owned'"><b>bold</b>`;
    await rig.die(1, { table: JSON.stringify(html).replaceAll('\\"', '""') });
    const { revisions } = await rig.ask("status");
    const body = {
      by: html,
      why: `</p><script>document.title = "owned"</script>`,
      revision: revisions.gates ?? 0,
    };
    await rig.ask("pause", { params: { cluster: "B" }, body });
    await using page = await rig.open({ hash: "#dead?reason=held" });
    await section(page, "Dead letters").getByRole("cell", { name: html }).first().waitFor();
    await clusterB(page).getByText(html).waitFor();
    await section(page, "Dead letters").locator("button.link").click();
    await page.getByRole("dialog").getByText(html).waitFor();
    expect(await page.locator("img, b, body script").count()).toBe(0);
    expect(await page.title()).toBe("Helix replay");
  });

  test("whose texts try to turn what is read, or to be there unseen, are shown as what they are", async () => {
    await rig.die(1, { table: '"us\u202eers\u200b"' });
    const { revisions } = await rig.ask("status");
    const body = { by: "anna", why: "a\u202eb\u061cc\u0007", revision: revisions.gates ?? 0 };
    await rig.ask("pause", { params: { cluster: "B" }, body });
    await using page = await rig.open();
    await clusterB(page).getByText("paused by anna, a\\u202eb\\u061cc\\u0007; nothing waits").waitFor();
    await section(page, "Dead letters").getByRole("cell", { name: "us\\u202eers\\u200b" }).waitFor();
  });

  test.each([320, 1440])(
    "of a name without end, and jobs that are over, fit a page of %i px, and axe's rules",
    async (width) => {
      const table = "t".repeat(200);
      await rig.die(1, { table });
      await rig.clear();
      await rig.die(1, { table });
      await using page = await rig.open({ width });
      await section(page, "Dead letters").getByRole("cell", { name: table }).waitFor();
      await section(page, "Jobs").getByText("1 of 1").first().waitFor();
      expect([await sidewaysOf(page), await faultsOf(page)]).toEqual([[], []]);
    },
  );

  test("are shown without a value, until somebody with the right asks for those of one and says why", async () => {
    await rig.die(1);
    await using page = await rig.open({ hash: "#dead?cluster=B", right: "values" });
    await section(page, "Dead letters").locator("button.link").click();
    expect(await page.content()).not.toContain("canary");
    await page.getByRole("button", { name: "Show its values …" }).click();
    await order(page, "Show its values", "a customer asks");
    await page.getByRole("dialog").getByText("canary").waitFor();
    expect(rig.pod.output).toContain("a customer asks");
    expect(rig.pod.output).not.toContain("canary");
  });

  test("by a filter that makes no sense are all shown, with what is wrong with it", async () => {
    await rig.die(2);
    await using page = await rig.open({ hash: "#dead?cluster=C&<b>=1" });
    await page.getByRole("alert").getByText("makes no sense").waitFor();
    await section(page, "Dead letters").getByText("2 letters of 1 kind").waitFor();
    await page.evaluate(`location.hash = "#dead?cluster=B"`);
    await section(page, "Dead letters").getByText("One by one").waitFor();
    expect(await page.getByText("makes no sense").count()).toBe(0);
  });

  test(`${LETTERS.toLocaleString("en")} of them are seen as fast as none: in groups, and a page at a time`, {
    timeout: 1_200_000,
  }, async ({ annotate }) => {
    for (let table = 0; table < 4; table++) await rig.die(LETTERS / 4, { table: `t${table}` });
    await using page = await rig.open({ hash: "#dead?cluster=B" });
    await page.addInitScript(`
      new MutationObserver(() => {
        if (!globalThis.firstMs && document.querySelector("#clusters article")) globalThis.firstMs = performance.now();
      }).observe(document, { childList: true, subtree: true });
    `);
    let largest = 0;
    page.on("response", async (response) => {
      largest = Math.max(largest, (await response.body().catch(() => "")).length);
    });
    await page.reload();
    await section(page, "Dead letters")
      .getByText(/letters of 4 kinds/)
      .waitFor();
    await section(page, "Dead letters").getByRole("button", { name: "Next page" }).click();
    await section(page, "Dead letters")
      .getByRole("button", { name: "First page" })
      .and(page.locator(":enabled"))
      .waitFor();
    const [firstMs, nodes] = await page.evaluate<[number, number]>(
      `[globalThis.firstMs, document.querySelectorAll("*").length]`,
    );
    await annotate(
      `first content after ${firstMs.toFixed()} ms, ${nodes} elements, ${largest} bytes at the most`,
    );
    const isStatusFirst = await page.evaluate(`(() => {
      const first = (path) => performance.getEntriesByType("resource").find(({ name }) => name.includes(path));
      return first("v1/status").responseEnd <= first("v1/dead-letters/groups").startTime;
    })()`);
    expect(isStatusFirst).toBe(true);
    expect(nodes).toBeLessThan(2_000);
    expect(largest).toBeLessThan(100_000);
    // Others are at work where there are fewer.
    if (LETTERS >= 100_000) expect(firstMs).toBeLessThan(300);
  });
});
