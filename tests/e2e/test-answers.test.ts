/** What the test panel makes of answers: pages, bytes, streams, the history of them, and the log beside them. */
import { expect, test } from "vitest";
import { waitFor } from "../wait.ts";
import { ada, ask, lookAt, page, path, sendNow, shown, usePanel, world } from "./panel.ts";
import { expectCalm, pickPane } from "./world.ts";

usePanel();

test("a page is shown in a sandbox where nothing of it runs or loads; its source is one click away", async () => {
  await path().fill("/page");
  await page.keyboard.press("Escape");
  await sendNow();
  const frame = page.locator("iframe[title='The answer as a page']");
  await page.frameLocator("iframe[title='The answer as a page']").getByRole("heading", { name: "A page" }).waitFor();
  expect(await frame.getAttribute("sandbox")).toBe("");
  expect(await page.evaluate(() => [document.title.includes("stolen"), "ran" in window])).toEqual([false, false]);
  await page.getByRole("button", { name: "Raw" }).click();
  await page.getByLabel("Body", { exact: true }).getByText("<script>").waitFor();
  // Chromium tells of what was blocked: the script by the sandbox, the picture (of the platform's own host) by the policy.
  const blocked = ada.troubles.splice(0);
  expect(blocked.join("\n")).toMatch(/Blocked script execution/);
  expect(blocked.join("\n")).toMatch(/\/theme-probe\.png/);
  expect(blocked.filter((trouble) => !/Blocked script execution|theme-probe|Content Security Policy/.test(trouble))).toEqual([]);

  await path().fill("/bytes");
  await page.keyboard.press("Escape");
  await sendNow();
  await page.getByText("3 B of application/zip, which is not text.").waitFor();
  const saved = page.waitForEvent("download");
  await page.getByRole("button", { name: "Download" }).click();
  const file = await saved;
  expect(file.suggestedFilename()).toBe("all.zip");
  const chunks: Buffer[] = [];
  for await (const chunk of await file.createReadStream()) chunks.push(chunk as Buffer);
  expect([...Buffer.concat(chunks)]).toEqual([255, 254, 0]);

  await path().fill("/drawing");
  await page.keyboard.press("Escape");
  await sendNow();
  await page.waitForFunction(
    () => (document.querySelector('img[alt="The answer\'s body"]') as HTMLImageElement | null)?.naturalWidth === 7,
  );
  expectCalm(ada);
}, 60_000);

test("events are shown as they arrive; Stop ends the stream at the app, and keeps what came", async () => {
  await path().fill("/events");
  await page.keyboard.press("Escape");
  await sendNow();
  const events = page.getByRole("region", { name: "Events" });
  await events.getByText("tick 3").waitFor();
  await page.getByText("Arriving…").waitFor();
  await page.getByRole("button", { name: "Stop" }).click();
  await page.getByText("The answer went on").waitFor();
  await events.getByText("tick 3").waitFor();
  await waitFor("the app saw its reader leave", async () => ((await world.platform.callApp("mirror", "/open")).json() as unknown) === 0);

  // A stream that ends by itself is whole; one that is no events is shown as it arrives as well.
  await path().fill("/events?last=2");
  await page.keyboard.press("Escape");
  await sendNow();
  await page.getByRole("button", { name: "Raw" }).click();
  expect(await page.getByLabel("Body", { exact: true }).textContent()).toBe("data: tick 1\n\ndata: tick 2\n\n");
  await path().fill("/slow");
  await page.keyboard.press("Escape");
  await sendNow();
  await page.getByText("Arriving…").waitFor();
  await page.getByLabel("Body", { exact: true }).getByText("first").waitFor();
  await page.getByRole("button", { name: "Download" }).waitFor();
  expect(await page.getByLabel("Body", { exact: true }).textContent()).toBe("first, and second");
  await lookAt("panel-events", async () => {
    await ask("GET", "/events");
    await sendNow();
    await events.getByText("tick 9").waitFor();
  });
}, 90_000);

test("a window that becomes narrow and wide keeps what was typed and its stream; closing the panel ends it", async () => {
  const open = async () => (await world.platform.callApp("mirror", "/open")).json() as unknown;
  const events = page.getByRole("region", { name: "Events" });
  await path().fill("/events");
  await page.keyboard.press("Escape");
  await sendNow();
  await events.getByText("tick 1", { exact: false }).first().waitFor();
  await path().fill("/typed-next");
  await page.keyboard.press("Escape");
  const wide = page.viewportSize()!;
  await page.setViewportSize({ width: 390, height: 844 });
  await pickPane(page, true, "Try");
  await page.getByText("Arriving…").waitFor();
  expect(await path().inputValue()).toBe("/typed-next");
  await page.setViewportSize(wide);
  await page.getByText("Arriving…").waitFor();
  expect(await path().inputValue()).toBe("/typed-next");
  expect(await open()).toBe(1);
  await page.getByRole("button", { name: "Close this panel" }).click();
  await waitFor("the app saw its reader leave", async () => (await open()) === 0);
  await page.getByRole("button", { name: "Test and preview" }).click();
  await events.getByText("tick 1", { exact: false }).first().waitFor();
  expectCalm(ada);
}, 60_000);

test("leaving the page ends its stream", async () => {
  await path().fill("/events");
  await page.keyboard.press("Escape");
  await sendNow();
  await page.getByRole("region", { name: "Events" }).getByText("tick 1").waitFor();
  expect((await world.platform.callApp("mirror", "/open")).json()).toBe(1);
  await page.goto("/apps");
  await waitFor("the app saw its reader leave", async () => ((await world.platform.callApp("mirror", "/open")).json() as unknown) === 0);
  expectCalm(ada);
}, 60_000);

test("two answers of the history are compared: status, headers and the lines of their bodies", async () => {
  await path().fill("/count");
  await page.keyboard.press("Escape");
  await sendNow();
  await shown().getByText("1", { exact: true }).first().waitFor();
  const history = page.getByRole("region", { name: "Requests sent" });
  await history.getByRole("button", { name: /count/ }).click();
  await waitFor("both are kept", async () => (await history.getByRole("listitem").count()) === 2);
  await history.getByRole("button", { name: "Compare…" }).click();
  for (const box of await history.getByRole("checkbox").all()) await box.check();
  await history.getByRole("button", { name: "Compare the two" }).click();
  const dialog = page.getByRole("dialog", { name: "Two answers" });
  await dialog.locator(".monaco-diff-editor .view-line").first().waitFor();
  const line = dialog.getByRole("row", { name: /^x-count differs/ });
  expect(await line.getByRole("cell").allTextContents()).toEqual(["1", "2"]);
  expect(
    await dialog
      .getByRole("row", { name: /^Status/ })
      .getByRole("cell")
      .allTextContents(),
  ).toEqual(["200", "200"]);
  await dialog.locator(".char-insert, .line-insert").first().waitFor();
  await page.keyboard.press("Escape");
  await dialog.waitFor({ state: "hidden" });
  await lookAt("panel-compare", async () => {
    await history.getByRole("button", { name: /^(Compare…|Cancel)$/ }).click();
    if (await history.getByRole("button", { name: "Compare…" }).isVisible())
      await history.getByRole("button", { name: "Compare…" }).click();
    for (const box of await history.getByRole("checkbox").all()) await box.check();
    await history.getByRole("button", { name: "Compare the two" }).click();
    await dialog.locator(".monaco-diff-editor .view-line").first().waitFor();
  });
}, 60_000);

test("the log shows what was printed since the last test, live, and all of it on a press", async () => {
  const log = page.getByRole("log", { name: "Logs" });
  await page.getByRole("tab", { name: "Logs" }).click();
  await world.platform.callApp("mirror", "/say?word=before");
  await log.getByText("said before").waitFor();
  await path().fill("/say?word=tested");
  await page.keyboard.press("Escape");
  await sendNow();
  await log.getByText("said tested").waitFor();
  expect(await log.getByText("said before").count()).toBe(0);
  await world.platform.callApp("mirror", "/say?word=after");
  await log.getByText("said after").waitFor();
  await page.getByRole("button", { name: "Since the last test" }).click();
  await log.getByText("said before").waitFor();
  expectCalm(ada);
}, 60_000);
