/** The draft on its own host, from the editor: run, look, test, fill its database. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { look } from "./look.ts";
import { append, expectCalm, focusCode, pickPane, startWorld, type Visit, type World } from "./world.ts";

const code = `import os
from fastapi import FastAPI
from fastapi.responses import HTMLResponse
from pymongo import MongoClient

app = FastAPI()
db = MongoClient(os.environ["PLATFORM_MONGO_URI"]).get_default_database()


@app.get("/", response_class=HTMLResponse)
def home():
    return f"<h1>one</h1><p>{db.notes.count_documents({})} notes</p>"


@app.post("/notes")
def add():
    db.notes.insert_many([{"n": n} for n in range(40)])
    return {"ok": True}
`;

let world: World;
let visit: Visit & { token: string };
let app: { id: string; slug: string };

beforeAll(async () => {
  world = await startWorld();
  visit = await world.visitAs("drafts@example.com");
  app = await world.platform.deploy(visit.token, "Notes", { "app.py": code });
  await world.platform.api(visit.token, "POST", `/api/apps/${app.slug}/proxy`, { method: "POST", path: "/notes" });
}, 120_000);
afterAll(() => world?.stop());

test("a draft with a copy of live is run, seen in the preview and called, while live stays; a stranger does not get in", async () => {
  const { page } = visit;
  await page.goto(`/apps/${app.slug}/edit`);
  await focusCode(page);
  await page.getByRole("tab", { name: "Preview" }).click();
  await expect.poll(() => page.frameLocator("iframe").getByRole("heading").textContent()).toBe("one");
  await page.getByRole("group", { name: "What is tried" }).getByText("Draft").click();
  await page.getByRole("radio", { name: "A copy of live" }).check();
  await page.getByRole("button", { name: "Copy, then run" }).click();
  await page.getByText("40 documents were copied from live.").waitFor();
  await append(page, "\n\n@app.get('/new')\ndef new(): return print('from the draft') or {'new': True}\n");
  await page.getByRole("form", { name: "Run the draft" }).getByRole("button", { name: "Run draft" }).click();
  await page.getByRole("status").filter({ hasText: "The draft runs on its own host" }).waitFor();
  await expect.poll(() => page.frameLocator("iframe").getByText("40 notes").count()).toBe(1);

  await page.getByRole("tab", { name: "Test" }).click();
  await page.getByRole("combobox", { name: "Path" }).fill("/new");
  await page.getByRole("button", { name: "Send" }).click();
  await page.getByText("200").first().waitFor();
  await page.getByRole("tab", { name: "Logs" }).click();
  await page.getByRole("log").getByText("from the draft").waitFor();
  expect((await world.platform.callApp(app.slug, "/new")).status).toBe(404);
  expect((await world.platform.callApp(`draft--${app.slug}`, "/new")).status).toBe(403);

  await page.getByRole("tab", { name: "Preview" }).click();
  await append(page, "\n# more\n");
  await page.getByText("The draft has changed since it was run.").waitFor();
  await page.getByRole("button", { name: "The draft's host" }).click();
  await page.getByRole("menuitem", { name: "Variables of the draft" }).click();
  const variables = page.getByRole("dialog", { name: "Variables of the draft" });
  await variables.getByRole("button", { name: "Add variable" }).click();
  await variables.getByLabel("Name").fill("COLOUR");
  await variables.getByLabel("Value of COLOUR").fill("blue");
  await variables.getByRole("button", { name: "Save" }).click();
  await page.getByText("The draft starts with them at its next request.").waitFor();
  expect(await world.platform.api(visit.token, "GET", `/api/apps/draft--${app.slug}/env`)).toMatchObject({ vars: [{ name: "COLOUR" }] });
  expect(await world.platform.api(visit.token, "GET", `/api/apps/${app.slug}/env`)).toEqual({ vars: [] });

  const [tab] = await Promise.all([visit.context.waitForEvent("page"), page.getByRole("link", { name: "Open in a new tab" }).click()]);
  await tab.getByRole("heading", { name: "one" }).waitFor();
  expect(new URL(tab.url()).host).toMatch(new RegExp(`^draft--${app.slug}\\.localhost`));
  await tab.close();
  const other = await world.visitAs("other@example.com");
  const refused = await other.page.goto(tab.url());
  expect(refused!.status()).toBe(403);
  await other.page.getByText("Only its owner can open it").waitFor();
  expect((await other.page.goto(`/apps/${app.slug}/draft`))!.status()).toBe(404);
  await other.context.close();
  expectCalm(visit, [/favicon\.ico/]);
});

test("the draft's panes are fit to be seen on any screen", async () => {
  await world.platform.api(visit.token, "DELETE", `/api/apps/${app.slug}/draft/host`);
  await look(visit, "editor-draft", {
    allowed: [/favicon\.ico/],
    arrange: async (page, narrow) => {
      await page.goto(`/apps/${app.slug}/edit`);
      await pickPane(page, narrow, "Try");
      await page.getByRole("tab", { name: "Preview" }).click();
      await page.getByRole("group", { name: "What is tried" }).getByText("Draft").click();
      await page.getByRole("radio", { name: "A copy of live" }).waitFor();
    },
  });
  expectCalm(visit, [/favicon\.ico/]);
});
