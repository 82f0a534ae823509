/** The templates' pages in a browser that reaches nothing but the app's own host, in both themes and on a phone. */
import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { expectCalm, findBarriers, startWorld, type Visit, type World } from "./world.ts";

let world: World;
let token: string;
beforeAll(async () => {
  world = await startWorld();
  ({ token } = await world.platform.signUp());
});
afterAll(() => world?.stop());

/** Opens a new app made from `template`; `foreign` are the addresses of other hosts that its pages asked for. */
async function open(template: string): Promise<Visit & { foreign: string[] }> {
  const { platform } = world;
  const app = await platform.api<{ id: string; url: string }>(token, "POST", "/api/apps", { name: template, template });
  const { deploymentId } = await platform.api<{ deploymentId: string }>(token, "POST", `/api/apps/${app.id}/deploy`, {});
  await platform.settled(token, deploymentId);
  const visit = await world.visit();
  const foreign: string[] = [];
  await visit.context.route(
    (url) => url.host !== new URL(app.url).host,
    (route) => {
      foreign.push(route.request().url());
      return route.abort();
    },
  );
  await visit.page.goto(app.url);
  return { ...visit, foreign };
}

/** No barrier in either theme, and nothing beyond the edge of a phone. */
async function expectWellMade(page: Page): Promise<void> {
  for (const colorScheme of ["dark", "light"] as const) {
    await page.emulateMedia({ colorScheme });
    expect(await findBarriers(page)).toEqual([]);
  }
  await page.setViewportSize({ width: 360, height: 740 });
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(360);
  await page.setViewportSize({ width: 1440, height: 900 });
}

test("to-dos are added, ticked and deleted without the page being loaded anew, and without the Internet", async () => {
  const visit = await open("todo-fasthtml");
  const { page } = visit;
  await page.evaluate("window.firstLoad = true");
  const title = page.getByRole("textbox", { name: "New to-do" });
  const items = page.getByRole("listitem");
  for (const text of ["Buy milk", `<img src="//elsewhere.example/x.png">`, "W".repeat(200)]) {
    await title.fill(text);
    await page.getByRole("button", { name: "Add" }).click();
    await items.filter({ hasText: text }).waitFor();
    // The field is replaced by an empty one.
    await expect.poll(() => title.inputValue()).toBe("");
  }
  expect(await items.count()).toBe(3);

  const milk = items.filter({ hasText: "Buy milk" });
  await milk.getByRole("checkbox").click();
  await page.locator("li.done").filter({ hasText: "Buy milk" }).waitFor();
  await expectWellMade(page);
  await page.getByRole("button", { name: "Delete W" }).click();
  await expect.poll(() => items.count()).toBe(2);
  expect(await page.evaluate("window.firstLoad")).toBe(true);

  await page.reload();
  expect(await milk.getByRole("checkbox").isChecked()).toBe(true);
  expect(await items.allInnerTexts()).toEqual([expect.stringContaining("Buy milk"), expect.stringContaining("<img")]);
  expect(visit.foreign).toEqual([]);
  expectCalm(visit, [/favicon\.ico/]);
});

test("notes are written, refused and deleted by plain forms, and without the Internet", async () => {
  const visit = await open("notes");
  const { page } = visit;
  await expectWellMade(page);
  await page.getByLabel("Title").fill("W".repeat(120));
  await page.getByLabel("Text").fill("two\nlines");
  await page.getByRole("button", { name: "Add note" }).click();
  const note = page.getByRole("article");
  await note.getByText("two").waitFor();
  await expectWellMade(page);

  // The browser lets a space pass for a title; the app does not, and keeps the text.
  await page.getByLabel("Title").fill(" ");
  await page.getByLabel("Text").fill("kept");
  await page.getByRole("button", { name: "Add note" }).click();
  await page.getByRole("alert").filter({ hasText: "needs a title" }).waitFor();
  expect(await page.getByLabel("Text").inputValue()).toBe("kept");
  await expectWellMade(page);

  await note.getByRole("button", { name: /^Delete/ }).click();
  await page.getByText("Nothing here yet.").waitFor();
  expect(visit.foreign).toEqual([]);
  expectCalm(visit, [/favicon\.ico/, /status of 422/]);
});
