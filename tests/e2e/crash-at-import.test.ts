/** An app that crashes while it is imported: the traceback leads to each of its own lines, and folds the libraries' away. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { look, prepareScreens } from "./look.ts";
import { deployed, expectCalm, focusCode, pickPane, startWorld, type World } from "./world.ts";

let world: World;
beforeAll(async () => {
  await prepareScreens();
  world = await startWorld();
}, 60_000);
afterAll(() => world?.stop());

const files = {
  "app.py": "from fastapi import FastAPI\n\nfrom lib.settings import read\n\napp = FastAPI()\nsettings = read()\n",
  "lib/settings.py": 'import json\n\n\ndef read() -> dict:\n    return json.loads("{broken")\n',
};

test("its frames lead to their lines, those of libraries are folded, and Problems leads to it", async () => {
  const ada = await world.visitAs("ada@example.com");
  const { page } = ada;
  await world.platform.api(ada.token, "POST", "/api/apps", { name: "Crash", files });
  await page.goto("/apps/crash/edit");
  await focusCode(page);
  await page.keyboard.press("Control+Enter");
  await deployed(page, "Deploy failed");
  const traceback = page.getByRole("region", { name: "Traceback" });
  await traceback.getByText("JSONDecodeError").waitFor();
  expect(await traceback.getByRole("button").allTextContents()).toEqual(['File "app.py", line 6', 'File "lib/settings.py", line 5']);

  const library = traceback.getByText(/^\d frames in json$/);
  const frame = traceback.getByText("raw_decode", { exact: false });
  expect(await frame.isVisible()).toBe(false);
  await library.focus();
  await page.keyboard.press("Enter");
  expect(await frame.isVisible()).toBe(true);
  await library.click();
  await look(ada, "crash-at-import", { arrange: (_, narrow) => pickPane(page, narrow, "Output") });

  // The failure itself is where the cursor already is; the frame that led to it is one key away.
  const status = page.getByTestId("code");
  await traceback.getByRole("button", { name: 'File "app.py", line 6' }).focus();
  await page.keyboard.press("Enter");
  await page.getByRole("region", { name: "Code" }).getByText("app.py", { exact: true }).waitFor();
  await page.waitForFunction(() => document.activeElement?.closest("[data-testid=code]") != null);
  await page.keyboard.insertText("# here: ");
  await status.locator(".view-line").filter({ hasText: "# here:" }).waitFor();
  const text = await status.locator(".view-line").filter({ hasText: "# here:" }).textContent();
  expect(text!.replaceAll("\u00a0", " ")).toBe("# here: settings = read()");
  await page.keyboard.press("Control+z");

  await page.getByRole("tab", { name: /^Problems/ }).click();
  await page.getByRole("button", { name: "Show the traceback" }).click();
  await traceback.waitFor();
  // The deployment is started over the page, and fails as an outcome: nothing is written to the console.
  expectCalm(ada);
}, 90_000);
