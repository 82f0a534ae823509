/** The templates' pages in a browser that reaches nothing but the app's own host, in both themes and on a phone. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { look, prepareScreens } from "./look.ts";
import { expectCalm, startWorld, type Visit, type World } from "./world.ts";

let world: World;
let token: string;
beforeAll(async () => {
  [world] = await Promise.all([startWorld(), prepareScreens()]);
  ({ token } = await world.platform.signUp());
});
afterAll(() => world?.stop());

/** Opens a new app made from `template`; `foreign` are the addresses of other hosts that its pages asked for. */
async function open(template: string): Promise<Visit & { foreign: string[] }> {
  const { platform } = world;
  const app = await platform.api<{ id: string; url: string }>(token, "POST", "/api/apps", { name: template, template });
  const { deploymentId } = await platform.api<{ deploymentId: string }>(token, "POST", `/api/apps/${app.id}/deploy`, {});
  await platform.settled(token, deploymentId);
  const visit = await world.visit();
  const foreign: string[] = [];
  await visit.context.route(
    (url) => url.host !== new URL(app.url).host,
    (route) => {
      foreign.push(route.request().url());
      return route.abort();
    },
  );
  await visit.page.goto(app.url);
  return { ...visit, foreign };
}

/** No barrier in either theme, and nothing beyond the edge of a phone; pictures of it lie beside those of the platform's own screens. */
async function expectWellMade(visit: Visit, name: string): Promise<void> {
  await look(visit, `template-${name}`, { allowed: [/favicon\.ico/, /status of 422/] });
  await visit.page.setViewportSize({ width: 360, height: 740 });
  expect(await visit.page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(360);
  await visit.page.setViewportSize({ width: 1440, height: 900 });
}

test("to-dos are added, ticked and deleted without the page being loaded anew, and without the Internet", async () => {
  const visit = await open("todo-fasthtml");
  const { page } = visit;
  await page.evaluate("window.firstLoad = true");
  const title = page.getByRole("textbox", { name: "New to-do" });
  const items = page.getByRole("listitem");
  for (const text of ["Buy milk", `<img src="//elsewhere.example/x.png">`, "W".repeat(200)]) {
    await title.fill(text);
    await page.getByRole("button", { name: "Add" }).click();
    await items.filter({ hasText: text }).waitFor();
    // The field is replaced by an empty one.
    await expect.poll(() => title.inputValue()).toBe("");
  }
  expect(await items.count()).toBe(3);

  const milk = items.filter({ hasText: "Buy milk" });
  await milk.getByRole("checkbox").click();
  await page.locator("li.done").filter({ hasText: "Buy milk" }).waitFor();
  await expectWellMade(visit, "todo");
  await page.getByRole("button", { name: "Delete W" }).click();
  await expect.poll(() => items.count()).toBe(2);
  expect(await page.evaluate("window.firstLoad")).toBe(true);

  await page.reload();
  expect(await milk.getByRole("checkbox").isChecked()).toBe(true);
  expect(await items.allInnerTexts()).toEqual([expect.stringContaining("Buy milk"), expect.stringContaining("<img")]);
  expect(visit.foreign).toEqual([]);
  expectCalm(visit, [/favicon\.ico/]);
});

test("notes are written, refused and deleted by plain forms, and without the Internet", async () => {
  const visit = await open("notes");
  const { page } = visit;
  await expectWellMade(visit, "notes");
  await page.getByLabel("Title").fill("W".repeat(120));
  await page.getByLabel("Text").fill("two\nlines");
  await page.getByRole("button", { name: "Add note" }).click();
  const note = page.getByRole("article");
  await note.getByText("two").waitFor();
  await expectWellMade(visit, "notes-2");

  // The browser lets a space pass for a title; the app does not, and keeps the text.
  await page.getByLabel("Title").fill(" ");
  await page.getByLabel("Text").fill("kept");
  await page.getByRole("button", { name: "Add note" }).click();
  await page.getByRole("alert").filter({ hasText: "needs a title" }).waitFor();
  expect(await page.getByLabel("Text").inputValue()).toBe("kept");
  await expectWellMade(visit, "notes-3");

  await note.getByRole("button", { name: /^Delete/ }).click();
  await page.getByText("Nothing here yet.").waitFor();
  expect(visit.foreign).toEqual([]);
  expectCalm(visit, [/favicon\.ico/, /status of 422/]);
});

test("a file is uploaded, refused when there is none, and deleted, by plain forms", async () => {
  const visit = await open("file-upload");
  const { page } = visit;
  await page
    .getByLabel("A file of at most 10 MB")
    .setInputFiles({ name: "W".repeat(100) + ".txt", mimeType: "text/plain", buffer: Buffer.from("hello") });
  await page.getByRole("button", { name: "Upload" }).click();
  const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("link", { name: "W".repeat(100) }).click()]);
  expect(download.suggestedFilename()).toBe(`${"W".repeat(100)}.txt`);
  await expectWellMade(visit, "upload");
  await page.getByRole("button", { name: /^Delete/ }).click();
  await page.getByText("Nothing here yet.").waitFor();
  await expectWellMade(visit, "upload-2");
  expect(visit.foreign).toEqual([]);
  expectCalm(visit, [/favicon\.ico/, /ERR_ABORTED/]);
});

test("what one page sends appears on another at once", async () => {
  const visit = await open("server-sent-events");
  const { page } = visit;
  const other = await visit.context.newPage();
  await other.goto(page.url());
  for (const each of [page, other]) await each.getByText("Connected: open this page twice to see it.").waitFor();
  await page.getByLabel("Message").fill("<b>hello</b>");
  await page.getByRole("button", { name: "Send to everybody" }).click();
  for (const each of [page, other]) await each.getByRole("listitem").filter({ hasText: "<b>hello</b>" }).waitFor();
  expect(await page.getByLabel("Message").inputValue()).toBe("");
  await expectWellMade(visit, "events");
  expect(visit.foreign).toEqual([]);
  expectCalm(visit, [/favicon\.ico/]);
});

test("two people chat, and a page that lost its connection comes back with what was said", async () => {
  const visit = await open("websocket-chat");
  const { page } = visit;
  await expectWellMade(visit, "chat");
  const other = await visit.context.newPage();
  await other.goto(page.url());
  for (const [each, name] of [
    [page, "Ada"],
    [other, "Bob"],
  ] as const) {
    await each.getByLabel("Your name").fill(name);
    await each.getByRole("button", { name: "Enter" }).click();
    await each.getByText(`In lobby as ${name}.`).waitFor();
  }
  await other.getByLabel("Message").fill("<i>hi</i>");
  await other.getByRole("button", { name: "Send" }).click();
  await page.getByRole("listitem").filter({ hasText: "Bob <i>hi</i>" }).waitFor();
  await expectWellMade(visit, "chat-2");
  await page.evaluate("socket.close()");
  await page.getByText("Connection lost, trying again…").waitFor();
  await page.getByText("In lobby as Ada.").waitFor();
  await page.getByRole("listitem").filter({ hasText: "Bob <i>hi</i>" }).waitFor();
  expect(visit.foreign).toEqual([]);
  expectCalm(visit, [/favicon\.ico/, /WebSocket/]);
});
