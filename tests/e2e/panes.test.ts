/** The editor's panes: sized by mouse and by keyboard, folded and opened, remembered by this browser, and never in motion while the page loads. */
import type { Locator, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { waitFor } from "../wait.ts";
import { look, prepareScreens } from "./look.ts";
import { expectCalm, focusCode, startWorld, type World } from "./world.ts";

let world: World;
beforeAll(async () => {
  await prepareScreens();
  world = await startWorld();
}, 60_000);
afterAll(() => world?.stop());

const names = ["files", "code", "output", "side"] as const;
/** Where the panes lie, in whole pixels; what is not there is left out. */
const boxesOf = (page: Page) =>
  page.evaluate(
    (ids) =>
      Object.fromEntries(
        ids.flatMap((id) => {
          const box = document.getElementById(id)?.getBoundingClientRect();
          return box ? [[id, [box.x, box.y, box.width, box.height].map(Math.round)]] : [];
        }),
      ),
    [...names],
  );
/** The same panes at the same places: a percentage with two digits is a pixel off at most. */
function expectSame(found: Record<string, number[]>, wanted: Record<string, number[]>): void {
  expect(Object.keys(found)).toEqual(Object.keys(wanted));
  for (const [name, box] of Object.entries(wanted))
    for (const [index, value] of box.entries())
      expect(Math.abs(found[name]![index]! - value), `${name} ${found[name]?.join()} is ${box.join()}`).toBeLessThan(3);
}
const widthOf = (pane: Locator) => pane.evaluate((element) => Math.round(element.getBoundingClientRect().width));

test("sizes, folded panes and tabs come back after a reload, drawn so by the server", async () => {
  const ada = await world.visitAs("ada@example.com");
  const { page, context } = ada;
  await world.platform.api(ada.token, "POST", "/api/apps", { name: "Panes", template: "hello-api" });
  await page.goto("/apps/panes/edit");
  await focusCode(page);
  const files = page.locator("#files");
  const side = page.locator("#side");

  // By mouse.
  const bar = (await page.getByRole("separator", { name: "Resize the files" }).boundingBox())!;
  await page.mouse.move(bar.x, bar.y + 200);
  await page.mouse.down();
  await page.mouse.move(bar.x + 90, bar.y + 200, { steps: 4 });
  await page.mouse.up();
  await waitFor("the files are as wide as they were dragged", async () => (await widthOf(files)) === 298);
  // By keyboard.
  const before = await widthOf(side);
  await page.getByRole("separator", { name: "Resize the panel on the right" }).focus();
  for (let press = 0; press < 2; press += 1) await page.keyboard.press("ArrowLeft");
  await waitFor("the panel on the right is wider", async () => (await widthOf(side)) > before + 50);
  const height = () => page.locator("#output").evaluate((element) => Math.round(element.getBoundingClientRect().height));
  const low = await height();
  await page.getByRole("separator", { name: "Resize the output" }).focus();
  await page.keyboard.press("ArrowUp");
  await waitFor("the output is higher", async () => (await height()) > low + 20);
  await page.getByRole("tab", { name: "Logs" }).click();
  await page.getByRole("tab", { name: "Preview" }).click();

  const own = await boxesOf(page);
  await reload(page);
  expectSame(await boxesOf(page), own);
  expect(await page.getByRole("tab", { name: "Logs" }).getAttribute("aria-selected")).toBe("true");
  expect(await page.getByRole("tab", { name: "Preview" }).getAttribute("aria-selected")).toBe("true");
  expectSame(await written(page), own);

  // Folded: the output to its tabs, the others away; opened again they have the size that they had.
  await page.getByRole("button", { name: "Fold the output away" }).click();
  await page.getByRole("button", { name: "Test and preview" }).click();
  await page.getByRole("button", { name: "Files and search" }).click();
  await waitFor("the files are folded away", async () => (await widthOf(files)) === 0);
  await waitFor("the output is folded away", async () => (await height()) === 36);
  const folded = await boxesOf(page);
  expect(Object.keys(folded)).toEqual(["files", "code", "output"]);
  await reload(page);
  expectSame(await boxesOf(page), folded);
  expectSame(await written(page), folded);
  // Nothing that is out of sight can be tabbed to.
  expect(await files.locator("button, input, a").count()).toBe(0);
  await page.getByRole("button", { name: "Show the output" }).click();
  await page.getByRole("button", { name: "Files and search" }).click();
  await page.getByRole("button", { name: "Test and preview" }).click();
  await waitFor("the files are back", async () => Math.abs((await widthOf(files)) - own["files"]![2]!) < 3);
  await page.locator("#side").waitFor();
  const again = await boxesOf(page);
  expect(Object.keys(again)).toEqual(Object.keys(own));
  for (const name of ["files", "output", "side"]) expect(Math.abs(again[name]![2]! - own[name]![2]!), name).toBeLessThan(3);
  expect(Math.abs(again["output"]![3]! - own["output"]![3]!)).toBeLessThan(3);

  // The search brings the files' pane back.
  await page.getByRole("separator", { name: "Resize the files" }).focus();
  await page.keyboard.press("Enter");
  await waitFor("the files are folded away by the keyboard", async () => (await widthOf(files)) === 0);
  await page.keyboard.press("Control+Shift+f");
  await page
    .getByRole("searchbox")
    .or(page.getByRole("textbox", { name: /search/i }))
    .first()
    .waitFor();
  await waitFor("there is room for matches", async () => (await widthOf(files)) >= 298);
  expectCalm(ada);

  await page.getByRole("button", { name: "Fold the output away" }).click();
  await look(ada, "panes-folded");

  // Another browser knows nothing of it.
  await context.clearCookies({ name: "fp-panes" });
  await reload(page);
  expect(await widthOf(files)).toBe(208);
}, 120_000);

/** Loads the page anew and sees that nothing of it moves meanwhile. */
async function reload(page: Page): Promise<void> {
  await page.reload();
  await focusCode(page);
  const shift = await page.evaluate(
    () =>
      new Promise<number>((resolve) => {
        let sum = 0;
        new PerformanceObserver((list) => {
          for (const entry of list.getEntries()) sum += (entry as PerformanceEntry & { value: number }).value;
        }).observe({ type: "layout-shift", buffered: true });
        setTimeout(() => resolve(sum), 100);
      }),
  );
  expect(shift).toBeLessThan(0.01);
}

/** The boxes as the server's page has them, before any script has run. */
async function written(page: Page): Promise<Record<string, number[]>> {
  const context = await page
    .context()
    .browser()!
    .newContext({
      baseURL: world.platform.url,
      viewport: page.viewportSize(),
      javaScriptEnabled: false,
      storageState: await page.context().storageState(),
    });
  const plain = await context.newPage();
  await plain.goto(new URL(page.url()).pathname);
  const boxes = Object.fromEntries(
    await Promise.all(
      names.map(async (id) => {
        const box = await plain
          .locator(`[id="${id}"]`)
          .first()
          .boundingBox({ timeout: 1_000 })
          .catch(() => null);
        return [id, box && [box.x, box.y, box.width, box.height].map(Math.round)] as const;
      }),
    ),
  );
  await context.close();
  return Object.fromEntries(Object.entries(boxes).filter((pair): pair is [string, number[]] => pair[1] !== null));
}
