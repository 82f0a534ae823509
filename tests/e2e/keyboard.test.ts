/** Without a pointer, from sign-in to an answer; and nothing that was typed gets lost. */
import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { waitFor } from "../wait.ts";
import { append, deployed, expectCalm, focusCode, openPalette, password, startWorld, type World } from "./world.ts";

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world?.stop());

test("by keyboard alone: sign in, make an app, edit, save, deploy, send a request", async () => {
  await world.platform.signUp("ada@example.com");
  const ada = await world.visit();
  const { page } = ada;
  const press = (key: string) => page.keyboard.press(key);

  // The first field has the focus.
  await page.goto("/sign-in");
  await waitForFocus(page, "E-mail");
  await page.keyboard.type("ada@example.com");
  await press("Tab");
  await page.keyboard.type(password);
  await press("Enter");
  await page.waitForURL("**/apps");

  await openPalette(page);
  await page.keyboard.type("new app");
  await press("Enter");
  await page.waitForURL("**/apps/new");

  // The choices come after the name; Enter on one of them makes the app.
  await tabTo(page, (element) => element.getAttribute("name") === "name");
  await page.keyboard.type("Typed");
  await tabTo(page, (element) => element.getAttribute("name") === "template");
  await press("ArrowDown");
  await press("Enter");
  await page.waitForURL("**/apps/typed/edit");

  await page.getByTestId("code").locator(".view-line").first().waitFor();
  await tabTo(page, (element) => element.closest("[data-testid=code]") !== null);
  await press("Control+End");
  await page.keyboard.insertText("\n# typed\n");
  await waitForState(page, "Unsaved changes");
  await press("Control+s");
  await waitForState(page, "Saved, not deployed");
  await press("Control+Enter");
  await deployed(page, "Version 1 is live");
  await waitForState(page, "Live");

  // Tab belongs to the code in the editor; Ctrl+M gives it back to the page, as Monaco tells a reader.
  await press("Control+m");
  await tabTo(page, (element) => element.getAttribute("aria-label") === "Path");
  await press("Enter");
  await page.getByText("200 status").waitFor();
  expectCalm(ada);
  await ada.context.close();
}, 60_000);

test("leaving with unsaved changes asks; staying keeps them, saving takes them along", async () => {
  const grace = await world.visitAs("grace@example.com");
  const { page } = grace;
  await world.platform.api(grace.token, "POST", "/api/apps", { name: "Draft", template: "hello-api" });
  await page.goto("/apps/draft/edit");
  await append(page, "\n# one\n");
  await page.getByRole("link", { name: "To the app's dashboard" }).click();
  const question = page.getByRole("dialog", { name: "Save your changes?" });
  await question.getByRole("button", { name: "Stay" }).click();
  await question.waitFor({ state: "hidden" });
  expect(new URL(page.url()).pathname).toBe("/apps/draft/edit");
  await waitForState(page, "Unsaved changes");

  // A reload is the browser's to ask about; what was typed is back afterwards all the same.
  page.once("dialog", (dialog) => void dialog.accept());
  await page.reload();
  await page.getByText("Your unsaved changes are back").waitFor();
  await waitForState(page, "Unsaved changes");

  await page.getByRole("link", { name: "To the app's dashboard" }).click();
  await question.getByRole("button", { name: "Save and leave" }).click();
  await page.waitForURL("**/apps/draft");
  expect(await source(grace.token, "draft")).toContain("# one");
  expectCalm(grace);
  await grace.context.close();
}, 60_000);

test("two tabs save the same draft: the second sees both versions and chooses", async () => {
  const mary = await world.visitAs("mary@example.com");
  await world.platform.api(mary.token, "POST", "/api/apps", { name: "Shared", template: "hello-api" });
  const first = mary.page;
  const second = await mary.context.newPage();
  await first.goto("/apps/shared/edit");
  await second.goto("/apps/shared/edit");
  await focusCode(first);
  await focusCode(second);

  await append(first, "\n# from the first tab\n");
  await first.keyboard.press("Control+s");
  await waitForState(first, "Saved, not deployed");

  await append(second, "\n# from the second tab\n");
  await second.keyboard.press("Control+s");
  const both = second.getByRole("dialog", { name: "The draft was saved somewhere else" });
  await both.getByText("# from the first tab").waitFor();
  await both.getByText("# from the second tab").waitFor();
  expect(await source(mary.token, "shared")).toContain("# from the first tab");
  await both.getByRole("button", { name: "All mine" }).click();
  await both.getByRole("button", { name: "Save the result" }).click();
  await waitFor("the second tab's version is saved", async () => (await source(mary.token, "shared")).includes("# from the second tab"));
  expect(await source(mary.token, "shared")).not.toContain("# from the first tab");
  // The save that came second was answered with 409, which the browser writes to its console.
  expectCalm(mary, [/status of 409/]);
  await mary.context.close();
}, 60_000);

async function source(token: string, slug: string): Promise<string> {
  return (await world.platform.api<{ files: Record<string, string> }>(token, "GET", `/api/apps/${slug}`)).files["app.py"]!;
}

/** What the header says of the draft. */
async function waitForState(page: Page, word: string): Promise<void> {
  await page.locator("header").getByRole("status").filter({ hasText: word }).waitFor();
}

async function waitForFocus(page: Page, label: string): Promise<void> {
  await waitFor(`${label} has the focus`, () => page.getByLabel(label).evaluate((element) => element === document.activeElement));
}

/** Presses Tab until the focus is on what is meant, as somebody without a pointer does. */
async function tabTo(page: Page, meant: (element: Element) => boolean): Promise<void> {
  for (let presses = 0; presses < 60; presses += 1) {
    if (await page.evaluate(`(${meant.toString()})(document.activeElement)`)) return;
    await page.keyboard.press("Tab");
  }
  throw new Error(`60 presses of Tab do not lead to ${meant.toString()}`);
}
