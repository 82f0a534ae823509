import { chromium, type Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { signIn, startWorld, type World } from "./world.ts";

let world: World;
/** A browser for which apps' names lead nowhere, as on another machine of the network. */
let elsewhere: Browser;
beforeAll(async () => {
  [world, elsewhere] = await Promise.all([
    startWorld(),
    chromium.launch({
      executablePath: process.env["FP_CHROMIUM"] ?? "/usr/bin/chromium",
      args: [
        "--no-sandbox",
        "--disable-gpu",
        "--no-first-run",
        "--disable-background-networking",
        "--host-resolver-rules=MAP *.localhost ~NOTFOUND",
      ],
    }),
  ]);
});
afterAll(async () => {
  await elsewhere.close();
  await world.stop();
});

test("where an app's name does not lead to it, the dashboard and the preview say so and name the setting; elsewhere they say nothing", async () => {
  const email = "far@example.com";
  const near = await world.visitAs(email);
  const { slug } = await world.platform.deploy(near.token, "Far away", {
    "app.py": "from fastapi import FastAPI\n\napp = FastAPI()\n\n\n@app.get('/')\ndef home():\n    return 'hello'\n",
  });
  const context = await elsewhere.newContext({ baseURL: world.platform.url });
  const page = await context.newPage();
  await signIn(page, email);
  await page.goto(`/apps/${slug}`);
  const words = page.getByText(`cannot open ${slug}.localhost: the name does not lead here`);
  await words.waitFor();
  expect(await words.textContent()).toContain("APPS_ADDRESSING=port");
  await page.goto(`/apps/${slug}/edit`);
  await page.getByRole("tab", { name: "Preview" }).click();
  await words.waitFor();

  // Asked for and answered before the page is called quiet.
  const answered = near.page.waitForResponse((response) => response.url().endsWith("/_platform/reachable"));
  await near.page.goto(`/apps/${slug}`);
  expect((await answered).status()).toBe(204);
  expect(await near.page.getByText("the name does not lead here").count()).toBe(0);
  expect(near.troubles).toEqual([]);
});
