/** An app's surroundings: its variables from a file, what it can import, and asking for what it cannot. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { waitFor } from "../wait.ts";
import { look, prepareScreens } from "./look.ts";
import { expectCalm, focusCode, openPalette, startWorld, type Visit, type World } from "./world.ts";

let world: World;
/** The first account: an administrator. */
let ada: Visit & { token: string };
let grace: Visit & { token: string };
beforeAll(async () => {
  await prepareScreens();
  world = await startWorld();
  ada = await world.visitAs("ada@example.com");
  grace = await world.visitAs("grace@example.com");
  const code = "import ctypes\nimport panda_s\nfrom fastapi import FastAPI\n\napp = FastAPI(title=str(ctypes) + str(panda_s))\n";
  await world.platform.api(grace.token, "POST", "/api/apps", { name: "Wishful", files: { "app.py": code }, database: null });
}, 90_000);
afterAll(() => world?.stop());

test("packages are found by name, import and from the palette; a slip is told the nearest", async () => {
  const { page } = grace;
  await page.goto("/apps/wishful/edit");
  await openPalette(page);
  await page.keyboard.type("packages");
  await page.getByRole("option", { name: /^Packages that can be imported/ }).waitFor();
  await page.keyboard.press("Enter");
  const dialog = page.getByRole("dialog", { name: "Packages" });
  const packages = dialog.getByRole("list", { name: "Packages" });
  await packages.getByText("argon2-cffi").waitFor();
  const field = dialog.getByLabel("Search packages");
  await field.fill("argon2");
  await waitFor("only what matches is shown", async () => (await packages.getByRole("listitem").count()) <= 2);
  await packages.getByText("import argon2").first().waitFor();
  await look(grace, "packages");
  await field.fill("pydantik");
  await dialog.getByRole("button", { name: "pydantic", exact: true }).click();
  await packages.getByText("import pydantic", { exact: true }).waitFor();
  await field.fill("json.decoder");
  await dialog.getByText("json is part of Python’s standard library").waitFor();
  expect(await dialog.getByRole("button", { name: /^Ask the administrator/ }).count()).toBe(0);
  await page.keyboard.press("Escape");
  await dialog.waitFor({ state: "hidden" });
  expect(new URL(page.url()).search).toBe("");
  expectCalm(grace);
}, 90_000);

test("an import is asked for from its problem, allowed by an administrator, and no problem from then on; a declined one says so", async () => {
  const { page } = grace;
  const dialog = page.getByRole("dialog", { name: "Packages" });
  const ask = async (name: string) => {
    await page.getByRole("button", { name: `Packages: ${name}` }).click();
    await dialog.getByRole("button", { name: `Ask the administrator for ${name}` }).click();
    await dialog.getByRole("status").filter({ hasText: "You asked for it" }).waitFor();
  };
  await page.goto("/apps/wishful/edit");
  await focusCode(page);
  await ask("ctypes");
  await look(grace, "packages-asked");
  await page.keyboard.press("Escape");
  await ask("panda_s");
  await page.keyboard.press("Escape");

  const asked = ada.page.getByRole("list", { name: "Imports that were asked for" });
  await ada.page.goto("/settings");
  await asked.getByText("ctypes").waitFor();
  await look(ada, "settings-imports");
  await ada.page.getByRole("button", { name: "Allow ctypes" }).click();
  await ada.page.getByRole("button", { name: "Take back ctypes" }).waitFor();
  await ada.page.getByRole("button", { name: "Decline panda_s" }).click();
  await ada.page.getByText("Nobody waits for one").waitFor();

  await page.reload();
  await focusCode(page);
  await page.getByRole("button", { name: "Packages: panda_s" }).click();
  await dialog.getByText("An administrator declined it").waitFor();
  expect(await page.getByRole("button", { name: "Packages: ctypes", includeHidden: true }).count()).toBe(0);
  await dialog.getByLabel("Search packages").fill("ctypes");
  await dialog.getByText("allowed here").waitFor();
  await page.keyboard.press("Escape");
  // Whoever is no administrator sees nothing of it.
  await page.goto("/settings");
  await page.getByRole("heading", { name: "API tokens" }).waitFor();
  expect(await page.getByText("Imports that were asked for").count()).toBe(0);
  expectCalm(grace);
  expectCalm(ada);
}, 120_000);

test("variables come from a whole .env file, and a live app is told to restart before it does", async () => {
  const { page } = grace;
  const { slug } = await world.platform.deploy(grace.token, "Live", { "app.py": "from fastapi import FastAPI\n\napp = FastAPI()\n" });
  await page.goto(`/apps/${slug}/edit`);
  await page.getByRole("button", { name: "More" }).click();
  await page.getByRole("menuitem", { name: "Settings" }).click();
  const drawer = page.getByRole("dialog", { name: "Settings" });
  // Looking at the packages loses nothing of what was typed.
  await drawer.getByLabel("Name", { exact: true }).last().fill("Livelier");
  await drawer.getByRole("button", { name: "What can be imported" }).click();
  const packages = page.getByRole("dialog", { name: "Packages" });
  await packages.getByText("import fastapi", { exact: true }).waitFor();
  await page.keyboard.press("Escape");
  await packages.waitFor({ state: "hidden" });
  expect(await drawer.getByLabel("Name", { exact: true }).last().inputValue()).toBe("Livelier");
  await drawer.getByRole("button", { name: "From a .env file" }).click();
  const text = drawer.getByLabel("Text of a .env file");
  await text.fill("A=1\nnot one");
  await drawer.getByRole("button", { name: "Add these" }).click();
  await drawer.getByText("Line 2 is not NAME=value.").waitFor();
  await text.fill("# the shop\nexport GREETING=\"two\nlines\"\nAPI_KEY='hidden-value'\n");
  await look(grace, "settings-dot-env");
  await drawer.getByRole("button", { name: "Add these" }).click();
  expect(await drawer.getByLabel("Value of API_KEY").getAttribute("type")).toBe("password");
  // With its line break, in a field that can have one.
  expect(await drawer.getByLabel("Value of GREETING").inputValue()).toBe("two\nlines");
  await drawer.getByText("Saving restarts the live version with this; no request fails.").waitFor();
  await look(grace, "settings-restart");
  await drawer.getByRole("button", { name: "Save settings" }).click();
  await page.getByText("The live version restarts with them").waitFor();
  const { vars } = await world.platform.api<{ vars: object[] }>(grace.token, "GET", `/api/apps/${slug}/env`);
  expect(vars).toEqual([
    { name: "GREETING", value: "two\nlines", secret: false },
    { name: "API_KEY", secret: true },
  ]);
  expectCalm(grace);
}, 120_000);
