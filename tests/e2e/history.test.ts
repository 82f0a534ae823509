/** Versions: what differs from the editor and from live, taken back into the editor, and rolled back to. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { waitFor } from "../wait.ts";
import { append, deployed, expectCalm, focusCode, startWorld, type World } from "./world.ts";

let world: World;
beforeAll(async () => {
  world = await startWorld();
}, 60_000);
afterAll(() => world?.stop());

const saying = (words: string) => ({
  "app.py": `from fastapi import FastAPI\n\napp = FastAPI()\n\n\n@app.get("/")\ndef home():\n    return "${words}"\n`,
});

test("an older version is compared with the editor and with live, restored and taken back, and made live again", async () => {
  const ada = await world.visitAs("ada@example.com");
  const { page } = ada;
  const { slug } = await world.platform.deploy(ada.token, "Spoken", saying("one"));
  const { deploymentId } = await world.platform.api<{ deploymentId: string }>(ada.token, "POST", `/api/apps/${slug}/deploy`, {
    files: saying("two"),
  });
  await world.platform.settled(ada.token, deploymentId);
  await page.goto(`/apps/${slug}/edit`);
  await focusCode(page);
  await append(page, "\n# three\n");
  const dialog = page.getByRole("dialog", { name: "History" });
  const open = async (): Promise<void> => {
    await page.getByRole("button", { name: "More" }).click();
    await page.getByRole("menuitem", { name: "History" }).click();
    await dialog.getByRole("button", { name: /^Version 1/ }).click();
    await dialog.getByText("Version 1 →").waitFor();
  };
  const sides = async (): Promise<string> => (await dialog.locator(".view-lines").allTextContents()).join("|").replaceAll("\u00a0", " ");
  const shows = (how: string, holds: (text: string) => boolean) => waitFor(how, async () => holds(await sides()));

  await open();
  await shows("beside the editor", (text) => text.includes('"one"') && text.includes('"two"') && text.includes("# three"));
  await dialog.getByRole("combobox", { name: /^Version 1/ }).selectOption("live");
  await shows("beside live", (text) => text.includes('"one"') && text.includes('"two"') && !text.includes("# three"));

  await dialog.getByRole("button", { name: "Restore into the editor" }).click();
  await dialog.waitFor({ state: "hidden" });
  const code = async (): Promise<string> =>
    (await page.getByTestId("code").locator(".view-lines").textContent())!.replaceAll("\u00a0", " ");
  await waitFor("the editor holds it", async () => (await code()).includes('"one"'));
  await page.getByRole("button", { name: "Undo" }).click();
  await waitFor("what was typed is back", async () => (await code()).includes("# three"));
  expect((await world.platform.callApp(slug, "/")).text).toBe('"two"');

  await open();
  await dialog.getByRole("button", { name: "Roll back" }).click();
  await deployed(page, "Version 1 is live");
  expect((await world.platform.callApp(slug, "/")).text).toBe('"one"');
  expect(await code()).toContain("# three");
  expectCalm(ada);
});
