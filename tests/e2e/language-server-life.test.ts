/** The life of the Python language server in a real browser: where its types come from, a start that fails, where it stays off, its switch. */
import { beforeAll, expect, test } from "vitest";
import { waitFor } from "../wait.ts";
import { ada, files, page, state, status, useLanguageServer, workers, world } from "./language.ts";
import { look, prepareScreens } from "./look.ts";
import { expectCalm, focusCode, openPalette, pickPane, type Visit } from "./world.ts";

beforeAll(prepareScreens);
useLanguageServer();

test("the archive of types is for those who are signed in, compressed, and kept for good", async () => {
  const worker = await page.request.get(workers()[0]!.url());
  expect(worker.headers()["content-security-policy"]).toContain("script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'");
  const html = await (await page.request.get("/apps/linguist/edit")).text();
  const name = /types\\?",\\?"([0-9a-f]{16})/.exec(html)?.[1];
  expect(name).toBeDefined();
  const types = await page.request.get(`/python-types/${name}`);
  expect(types.headers()).toMatchObject({ "cache-control": "private, max-age=31536000, immutable", "content-type": "application/json" });
  expect(types.headers()["content-encoding"]).toBe("br");
  const sources = (await types.json()) as Record<string, string>;
  const zipped = await page.request.get(`/python-types/${name}`, { headers: { "accept-encoding": "gzip" } });
  expect(zipped.headers()["content-encoding"]).toBe("gzip");
  expect(Object.keys((await zipped.json()) as object)).toEqual(Object.keys(sources));
  expect(Object.keys(sources)).toEqual(
    expect.arrayContaining(["fastapi/applications.py", "pydantic_core/core_schema.py", "bson/__init__.py", "anyio/py.typed"]),
  );
  // Neither what is no source, nor the old interface that pydantic carries along.
  expect(Object.keys(sources).filter((path) => !/\.pyi?$|\/py\.typed$/.test(path) || path.startsWith("pydantic/v1/"))).toEqual([]);
  expect((await page.request.get("/python-types/0000000000000000")).status()).toBe(404);
  const stranger = await world.visit();
  expect((await stranger.page.request.get(`/python-types/${name}`)).status()).toBe(401);
  await stranger.context.close();
});

test("a worker that cannot be loaded is a failure in words, which can be tried again", async () => {
  const visit = await world.visitAs("bob@example.com", { languageServer: "on" });
  await world.platform.api(visit.token, "POST", "/api/apps", { name: "Broken", files, database: null });
  await visit.context.route("**/pyright.worker*.js", (route) => route.abort());
  await visit.page.goto("/apps/broken/edit");
  await focusCode(visit.page);
  const failed = visit.page.getByRole("button", { name: "Python language server: failed" });
  await failed.waitFor();
  await visit.context.unroute("**/pyright.worker*.js");
  // Packages are a loss, and no failure.
  await visit.context.route("**/python-types/**", (route) => route.fulfill({ status: 503, body: "" }));
  await failed.click();
  await visit.page.getByText("The browser could not load it.").waitFor();
  await visit.page.getByRole("menuitem", { name: "Try again" }).click();
  const partly = visit.page.getByRole("button", { name: "Python language server: ready, without packages" });
  await partly.waitFor({ timeout: 120_000 });
  await partly.click();
  await visit.page.getByText("It knows nothing of packages: the server answered 503.").waitFor();
  await visit.context.close();
}, 180_000);

/** Another window of Ada's, where nothing was chosen yet, on a device with this much memory. */
async function openWith(memoryGB: number): Promise<Visit> {
  const visit = await world.visit({ languageServer: null });
  await visit.context.addInitScript((value) => Object.defineProperty(navigator, "deviceMemory", { value }), memoryGB);
  await visit.context.addCookies(await ada.context.cookies());
  await visit.page.goto("/apps/linguist/edit");
  return visit;
}

test("on a phone, and with little memory, it is off until it is turned on", async () => {
  const phone = await world.visitAs("eve@example.com", { languageServer: null, viewport: { width: 390, height: 844 } });
  await world.platform.api(phone.token, "POST", "/api/apps", { name: "Small", files, database: null });
  await phone.page.goto("/apps/small/edit");
  await focusCode(phone.page);
  await phone.page.getByRole("navigation", { name: "Panes" }).getByRole("button", { name: "Output" }).click();
  await phone.page.getByRole("button", { name: "Python language server: off" }).waitFor();
  expect(workers(phone.page)).toHaveLength(0);
  await phone.context.close();
  const poor = await openWith(2);
  const off = poor.page.getByRole("button", { name: "Python language server: off" });
  await off.waitFor();
  expect(workers(poor.page)).toHaveLength(0);
  await off.click();
  await poor.page.getByRole("menuitemcheckbox", { name: "Python language server" }).click();
  await state("ready", poor.page);
  await poor.context.close();
  // With enough of it, it starts by itself: what holds it back is the memory.
  const rich = await openWith(8);
  await waitFor("the worker is there", () => workers(rich.page).length === 1);
  await rich.context.close();
}, 180_000);

test("the switch turns it off and on again, is remembered, and the palette has it too", async () => {
  expect(workers()).toHaveLength(1);
  await status().click();
  await look(ada, "editor-language", {
    arrange: async (_, narrow) => {
      await pickPane(page, narrow, "Output");
      if ((await page.getByRole("menuitemcheckbox", { name: "Python language server" }).count()) === 0) await status().click();
      await page.getByRole("menuitemcheckbox", { name: "Python language server" }).waitFor();
    },
  });
  if ((await page.getByRole("menuitemcheckbox", { name: "Python language server" }).count()) === 0) await status().click();
  await page.getByRole("menuitemcheckbox", { name: "Python language server" }).click();
  await state("off");
  await waitFor("the worker is gone", () => workers().length === 0);
  await page.reload();
  await state("off");
  expect(workers()).toHaveLength(0);
  await openPalette(page);
  await page.getByRole("combobox", { name: "App or action" }).fill("language");
  await page.getByRole("option", { name: /Turn the Python language server on/ }).click();
  await state("ready");
  expect(workers()).toHaveLength(1);
  expectCalm(ada);
}, 180_000);
