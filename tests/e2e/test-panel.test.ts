/** The test panel, beyond what the main job shows. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { waitFor } from "../wait.ts";
import { expectCalm, focusCode, startWorld, type World } from "./world.ts";

let world: World;
beforeAll(async () => {
  world = await startWorld();
}, 60_000);
afterAll(() => world?.stop());

test("the request is copied for curl, httpx and fetch, with the app's own address", async () => {
  const ada = await world.visitAs("ada@example.com");
  const { page, context } = ada;
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  const { url } = await world.platform.api<{ url: string }>(ada.token, "POST", "/api/apps", { name: "Copied", template: "hello-api" });
  await page.goto("/apps/copied/edit");
  await focusCode(page);
  await page.getByLabel("Method").selectOption("POST");
  await page.getByRole("combobox", { name: "Path" }).fill("/items");
  await page.getByLabel("Body").fill('{"name": "it\'s"}');
  const copied = async (kind: string): Promise<string> => {
    await page.keyboard.press("Escape");
    await page.getByRole("button", { name: "Copy as" }).click();
    await page.getByRole("menuitem", { name: kind }).click();
    return await waitFor(`the clipboard has it for ${kind}`, async () => {
      const text = await page.evaluate(() => navigator.clipboard.readText());
      return text.includes({ curl: "curl ", "Python (httpx)": "import httpx", "JavaScript (fetch)": "await fetch(" }[kind]!) ? text : null;
    });
  };
  expect(await copied("curl")).toBe(
    `curl '${url.replace(/\/$/, "")}/items' \\\n  --header 'Content-Type: application/json' \\\n  --data-raw '{"name": "it'\\''s"}'`,
  );
  expect(await copied("Python (httpx)")).toContain(`content="{\\"name\\": \\"it's\\"}".encode()`);
  expect(await copied("JavaScript (fetch)")).toContain(`method: "POST"`);

  // What cannot be sent cannot be copied either.
  await page.getByRole("combobox", { name: "Path" }).fill("items");
  await page.keyboard.press("Escape");
  expect(await page.getByRole("button", { name: "Copy as" }).isDisabled()).toBe(true);
  expectCalm(ada);
}, 60_000);
