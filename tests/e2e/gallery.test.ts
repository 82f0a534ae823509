/** Templates as people meet them: the gallery, saving one, changing it; and apps that others may copy. */
import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { waitFor } from "../wait.ts";
import { look, prepareScreens } from "./look.ts";
import { expectCalm, focusCode, password, signIn, startWorld, type Visit, type World } from "./world.ts";

let world: World;
let chief: Visit & { token: string };
let ada: Visit & { token: string };
beforeAll(async () => {
  [world] = await Promise.all([startWorld(), prepareScreens()]);
  // The first account is the administrator.
  chief = await world.visitAs("chief@example.com");
  ada = await world.visitAs("ada@example.com");
}, 90_000);
afterAll(() => world?.stop());

/** What is refused on purpose in these tests; the browser writes it to its console. */
const refusals = [/status of 4(00|04|22)/];
const radio = (page: Page, name: RegExp) => page.getByRole("radio", { name });
const make = (token: string, body: object) => world.platform.api<{ id: string }>(token, "POST", "/api/templates", body);
const files = { "app.py": "from fastapi import FastAPI\n\napp = FastAPI()\n", "static/style.css": "body { color: red }\n" };

test("one press makes an app of a template, called by its name or by the one that was typed", async () => {
  const { page } = ada;
  await page.goto("/apps/new");
  await page.getByRole("button", { name: "Use Notes", exact: true }).click();
  await page.waitForURL("**/apps/notes/edit");
  await page.goto("/apps/new");
  await page.getByRole("textbox", { name: "Name" }).fill("My meeting room");
  await page.getByRole("button", { name: "Use Chat", exact: true }).click();
  await page.waitForURL("**/apps/my-meeting-room/edit");
  // Enter in the name is the button beside it, whatever buttons the cards have.
  await page.goto("/apps/new");
  await radio(page, /^Chat/).check();
  await waitFor("the name follows", async () => (await page.getByRole("textbox", { name: "Name" }).inputValue()) === "Chat");
  await page.getByRole("textbox", { name: "Name" }).press("Enter");
  await page.waitForURL("**/apps/*chat*/edit");
  expectCalm(ada, refusals);
});

test("the gallery is narrowed by tab, words, level and tag; the address says how", async () => {
  const { page } = ada;
  await make(ada.token, { name: "Robot arm", description: "Moves.", complexity: "advanced", tags: ["arm"], files });
  await page.goto("/apps/new");
  const cards = page.getByRole("radio");
  expect(await cards.count()).toBe(11);
  await page.getByRole("link", { name: "Mine", exact: true }).click();
  await page.waitForURL("**/apps/new?tab=mine");
  await waitFor("only the own one", async () => (await cards.count()) === 1);
  await page.getByRole("link", { name: "Global", exact: true }).click();
  await waitFor("only everybody's", async () => (await cards.count()) === 9);
  await page.getByRole("searchbox").fill("websocket");
  await page.waitForURL("**/apps/new?tab=global&complexity=&search=websocket");
  await waitFor("only the chat", async () => (await cards.count()) === 1);
  await page.getByLabel("For whom").selectOption("beginner");
  await page.getByText("No template matches").waitFor();
  await look(ada, "gallery-no-match", { allowed: refusals });
  await page.getByRole("link", { name: "Show all of them" }).click();
  await page.waitForURL("**/apps/new?tab=global");
  await waitFor("the field is empty again", async () => (await page.getByRole("searchbox").inputValue()) === "");
  await page.getByRole("list", { name: "Tags of Notes" }).getByRole("link", { name: "#mongodb" }).click();
  await page.getByRole("link", { name: "Tag mongodb: show all" }).waitFor();
  expect(new URL(page.url()).searchParams.get("tag")).toBe("mongodb");
  await page.goBack();
  await waitFor("all of the tab again", async () => (await cards.count()) === 9);
  await page.goto("/apps/new?tab=mine&search=nothing%20like%20it");
  await page.getByText("No template matches").waitFor();
  expectCalm(ada, refusals);
});

test("a template is looked at before it is used, and its page stands without JavaScript", async () => {
  const { page } = ada;
  await page.goto("/apps/new");
  await page.getByRole("link", { name: "Preview Notes" }).click();
  const dialog = page.getByRole("dialog", { name: "Notes" });
  await dialog.getByText("app.py", { exact: true }).waitFor();
  await dialog.getByRole("region", { name: "app.py" }).getByText("FastAPI").first().waitFor();
  await look(ada, "gallery-preview", { allowed: refusals });
  await page.keyboard.press("Escape");
  await dialog.waitFor({ state: "detached" });
  // The focus is back where it came from.
  await waitFor("the focus is back", () => page.evaluate(() => document.activeElement?.getAttribute("aria-label") === "Preview Notes"));
  await page.keyboard.press("Enter");
  await dialog.getByRole("button", { name: "Use this template" }).click();
  await page.waitForURL("**/apps/notes-*/edit");

  const plain = await world.visit({ javaScriptEnabled: false });
  await signIn(plain.page, "ada@example.com");
  await plain.page.goto("/apps/new");
  await plain.page.getByRole("searchbox").fill("chat");
  await plain.page.getByRole("button", { name: "Apply" }).click();
  await plain.page.waitForURL("**/apps/new?*search=chat*");
  await plain.page.getByRole("link", { name: "Preview Chat" }).click();
  await plain.page.waitForURL("**/templates/websocket-chat");
  await plain.page.getByText("rooms.py", { exact: true }).click();
  await plain.page.getByText("class Rooms:").waitFor();
  // What belongs to everybody has nothing to change for her.
  expect(await plain.page.getByRole("button", { name: "Save details" }).count()).toBe(0);
  await plain.page.getByRole("button", { name: "Use this template" }).click();
  await plain.page.waitForURL("**/apps/*chat*/edit");
  await plain.context.close();
  expectCalm(ada, refusals);
});

test("an app is saved as a template from the editor: its files, nothing of its variables, and for everybody by administrators only", async () => {
  const { page } = ada;
  const { slug } = await world.platform.api<{ slug: string }>(ada.token, "POST", "/api/apps", { name: "Source", files });
  await world.platform.api(ada.token, "PUT", `/api/apps/${slug}/env`, { vars: [{ name: "API_KEY", value: "hunter2", secret: true }] });
  await page.goto(`/apps/${slug}/edit`);
  await focusCode(page);
  await page.getByRole("button", { name: "More", exact: true }).click();
  await page.getByRole("menuitem", { name: "Save as template…" }).click();
  const dialog = page.getByRole("dialog", { name: "Save as template" });
  await dialog.getByLabel("Name").fill("Source kit");
  await dialog.getByLabel("Description").fill("What we begin with.");
  await dialog.getByLabel("For whom").selectOption("intermediate");
  await dialog.getByLabel("Tags").fill("größe");
  expect(await dialog.getByLabel("For everybody on this installation").count()).toBe(0);
  await dialog.getByRole("button", { name: "Save template" }).click();
  await dialog.getByText("A tag has small letters").waitFor();
  await look(ada, "save-as-template", { allowed: refusals });
  await dialog.getByLabel("Tags").fill("Kit, Two_words");
  await dialog.getByRole("button", { name: "Save template" }).click();
  await page.getByText("Saved as a template", { exact: true }).first().waitFor();
  const { items } = await world.platform.api<{ items: { id: string; name: string }[] }>(
    ada.token,
    "GET",
    "/api/templates?tab=mine&search=kit",
  );
  expect(items).toEqual([
    expect.objectContaining({
      name: "Source kit",
      description: "What we begin with.",
      complexity: "intermediate",
      tags: ["kit", "two-words"],
    }),
  ]);
  const whole = await world.platform.call(`/api/templates/${items[0]!.id}`, { headers: { authorization: `Bearer ${ada.token}` } });
  expect(whole.text).toContain("style.css");
  expect(whole.text).not.toMatch(/API_KEY|hunter2/);

  const own = await world.platform.api<{ slug: string }>(chief.token, "POST", "/api/apps", { name: "House style", files });
  await chief.page.goto(`/apps/${own.slug}/edit`);
  await focusCode(chief.page);
  await chief.page.keyboard.insertText("# unsaved");
  await chief.page.getByRole("button", { name: "More", exact: true }).click();
  await chief.page.getByRole("menuitem", { name: "Save as template…" }).click();
  await chief.page.getByText("You have unsaved changes.").waitFor();
  await chief.page.getByLabel("For everybody on this installation").check();
  await chief.page.getByRole("button", { name: "Save template" }).click();
  await chief.page.getByText("Saved as a template", { exact: true }).first().waitFor();
  await chief.page.keyboard.press("Control+s");
  await chief.page.getByText("Saved, not deployed").waitFor();
  await page.goto("/apps/new?tab=global&search=house");
  await radio(page, /^House style/).waitFor();
  expectCalm(ada, refusals);
  expectCalm(chief, refusals);
});

test("an own template is described anew, takes other files, is hidden, and is deleted after a second press", async () => {
  const bob = await world.visitAs("bob@example.com");
  const { page } = bob;
  const { id } = await make(bob.token, { name: "Draft kit", files });
  await world.platform.api(bob.token, "POST", "/api/apps", { name: "Better", files: { "app.py": "import pymongo\napp = None\n" } });
  await page.goto("/apps/new?tab=mine");
  await page.getByRole("link", { name: "Edit Draft kit" }).click();
  await page.waitForURL(`**/templates/${id}`);
  await page.getByRole("heading", { name: "Details" }).waitFor();
  await page.getByLabel("Name").fill("Kit");
  await page.getByLabel("Description").fill("W".repeat(200));
  await page.getByLabel("Tags").fill("one, " + "x".repeat(40));
  await page.getByRole("button", { name: "Save details" }).click();
  await page
    .getByText("Too big")
    .or(page.getByText(/30 characters/))
    .first()
    .waitFor();
  await page.getByLabel("Tags").fill("one, two");
  await page.getByLabel("It needs a database").check();
  await page.getByRole("button", { name: "Save details" }).click();
  await page.getByText("Saved.", { exact: true }).waitFor();
  await page.getByRole("heading", { name: "Kit", exact: true, level: 1 }).waitFor();
  await look(bob, "template-edit", { allowed: refusals });
  await page.getByLabel("App", { exact: true }).selectOption({ label: "Better (better)" });
  await page.getByRole("button", { name: "Take its files" }).click();
  await page.getByText("import pymongo").waitFor();
  await page.getByRole("button", { name: "Hide it" }).click();
  await page.getByText("Hidden.", { exact: true }).waitFor();
  await page.goto("/apps/new?tab=mine");
  await radio(page, /^Kit.*Hidden$/).waitFor();
  await look(bob, "gallery-mine-hidden", { allowed: refusals });
  await page.getByRole("link", { name: "Edit Kit" }).click();
  await page.getByRole("button", { name: "Show it again" }).click();
  await page.getByText("Shown again.").waitFor();
  await page.getByText("Delete this template…").click();
  await page.getByRole("button", { name: "Delete template" }).click();
  await page.waitForURL("**/apps/new?tab=mine");
  await page.getByText("No templates of your own yet").waitFor();
  await look(bob, "gallery-mine-empty", { allowed: refusals });
  await page.goto(`/templates/${id}`);
  await page.getByText("There is no such template", { exact: false }).waitFor();
  expectCalm(bob, refusals);
  await bob.context.close();
});

test("an administrator hides and mends a built-in template; others do not see it, and what is theirs alone stays so", async () => {
  await chief.page.goto("/templates/webhook-receiver");
  await chief.page.getByRole("button", { name: "Hide it" }).click();
  await chief.page.getByText("only administrators see it").waitFor();
  await chief.page.goto("/apps/new?tab=global");
  await radio(chief.page, /^Webhook.*Hidden$/).waitFor();
  await look(chief, "gallery-admin", { allowed: refusals });
  await chief.page.getByRole("button", { name: /^Use Webhook/ }).click();
  await chief.page.waitForURL("**/edit");
  await ada.page.goto("/apps/new?tab=global");
  await radio(ada.page, /^Notes/).waitFor();
  expect(await radio(ada.page, /^Webhook/).count()).toBe(0);
  const { id } = await make(chief.token, { name: "Chief's own", files });
  await ada.page.goto(`/templates/${id}`);
  await ada.page.getByText("There is no such template", { exact: false }).waitFor();
  expectCalm(ada, refusals);
  expectCalm(chief, refusals);
});

test("a shared app is copied by who has its link; a stranger signs up first and comes back", async () => {
  const { slug } = await world.platform.deploy(ada.token, "Lighthouse", { ...files, "app.py": `${files["app.py"]}# seen\n` });
  const env = await world.platform.api<{ deploymentId: string }>(ada.token, "PUT", `/api/apps/${slug}/env`, {
    vars: [{ name: "API_KEY", value: "hunter2", secret: true }],
  });
  await world.platform.settled(ada.token, env.deploymentId);
  const stranger = await world.visit();
  const { page } = stranger;
  await chief.page.goto(`/apps/${slug}/copy`);
  await chief.page.getByText("or it is not shared", { exact: false }).waitFor();

  await ada.page.goto(`/apps/${slug}/edit`);
  await focusCode(ada.page);
  await ada.page.getByRole("button", { name: "More", exact: true }).click();
  await ada.page.getByRole("menuitem", { name: "Settings" }).click();
  await ada.page.getByLabel("Others may read its files and make their own copy").check();
  await ada.page.getByText("works once saved").waitFor();
  await ada.page.getByRole("button", { name: "Save settings" }).click();
  await ada.page.getByText("Settings saved").first().waitFor();

  await page.goto(`/apps/${slug}/copy`);
  await page.waitForURL("**/sign-in?next=**");
  await page.getByRole("link", { name: "Sign up" }).click();
  await page.getByLabel("Name").fill("Newcomer");
  await page.getByLabel("E-mail").fill("newcomer@example.com");
  await page.getByLabel("Password").fill(password);
  await page.getByRole("button", { name: "Sign up" }).click();
  await page.waitForURL(`**/apps/${slug}/copy`);
  await page.getByText("Shared by ada.").waitFor();
  await page.getByText("API_KEY").waitFor();
  expect(await page.content()).not.toContain("hunter2");
  await page.getByText("# seen").waitFor();
  await look(stranger, "shared-app", { allowed: refusals });
  await page.getByRole("button", { name: "Make my own copy" }).click();
  await page.waitForURL((url) => /^\/apps\/lighthouse-.*\/edit$/.test(url.pathname));
  await focusCode(page);
  await page.getByText("# seen").waitFor();

  await world.platform.api(ada.token, "PATCH", `/api/apps/${slug}`, { shared: false });
  await page.goto(`/apps/${slug}/copy`);
  await page.getByText("or it is not shared", { exact: false }).waitFor();
  expectCalm(stranger, refusals);
  expectCalm(chief, refusals);
  expectCalm(ada, refusals);
  await stranger.context.close();
}, 60_000);
