/** The editor's menus are loaded when the page has settled: what is pressed before that, and what happens where they do not come. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { expectCalm, focusCode, startWorld, type Visit, type World } from "./world.ts";

let world: World;
let ada: Visit & { token: string };
beforeAll(async () => {
  world = await startWorld();
  ada = await world.visitAs("ada@example.com");
  await world.platform.api(ada.token, "POST", "/api/apps", { name: "Menus", template: "hello-api" });
}, 60_000);
afterAll(() => world?.stop());

const chunk = "**/assets/app-menu-*.js";

test("one that is pressed before it is there opens when it comes, and is used by keyboard from then on", async () => {
  const { page, context } = ada;
  let release = () => {};
  const released = new Promise<void>((resolve) => (release = resolve));
  await context.route(chunk, async (route) => {
    await released;
    await route.continue();
  });
  await page.goto("/apps/menus/edit");
  await focusCode(page);
  const button = page.getByRole("button", { name: "More", exact: true });
  expect(await button.getAttribute("aria-haspopup")).toBe("menu");
  await button.focus();
  await page.keyboard.press("Enter");
  expect(await page.getByRole("menu").count()).toBe(0);
  release();
  await page.getByRole("menuitem", { name: "History" }).waitFor();
  await page.keyboard.press("Escape");
  await page.getByRole("menu").waitFor({ state: "hidden" });
  expect(await button.evaluate((element) => element === document.activeElement)).toBe(true);
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  await page.getByRole("dialog", { name: "Settings" }).waitFor();
  await context.unroute(chunk);
  expectCalm(ada);
}, 60_000);

test("one that takes its place while its button is focused leaves the focus there", async () => {
  const { page, context } = ada;
  let release = () => {};
  const released = new Promise<void>((resolve) => (release = resolve));
  await context.route(chunk, async (route) => {
    await released;
    await route.continue();
  });
  await page.goto("/apps/menus/edit");
  await focusCode(page);
  const button = page.getByRole("button", { name: "More", exact: true });
  await button.focus();
  const before = await button.elementHandle();
  release();
  await page.waitForFunction((element) => !element!.isConnected, before);
  expect(await button.evaluate((element) => element === document.activeElement)).toBe(true);
  await context.unroute(chunk);
  expectCalm(ada);
}, 60_000);

test("one that cannot be loaded says so when it is pressed, and the rest of the page works", async () => {
  const { page, context } = ada;
  await context.route(chunk, (route) => route.abort());
  await page.goto("/apps/menus/edit");
  await focusCode(page);
  await page.getByRole("button", { name: "More", exact: true }).click();
  await page.getByText("This menu could not be loaded").first().waitFor();
  await page.getByRole("button", { name: "Add a file" }).click();
  await page.getByRole("menuitem", { name: /^Upload files/ }).waitFor();
  await context.unroute(chunk);
  expectCalm(ada, [/Failed to load resource/, /net::ERR_FAILED/, /dynamically imported/]);
}, 60_000);
