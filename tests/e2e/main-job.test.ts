/** The main job, as a person does it: sign up, write, deploy, use, break, mend, go back; and nobody sees another's things. */
import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { waitFor } from "../wait.ts";
import { append, deploy, deployed, expectCalm, focusCode, signUp, startWorld, type World } from "./world.ts";

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world?.stop());

const marks = (page: Page) => page.locator(".fp-failed-line");
const problems = (page: Page) =>
  page.getByRole("region", { name: "Output" }).getByRole("tabpanel", { name: "Problems" }).getByRole("listitem");

test("from sign-up to a note that outlives the platform", async () => {
  const ada = await world.visit();
  const { page } = ada;
  await signUp(page, "Ada");

  // The hello app: one press, and it answers.
  await page.getByRole("heading", { name: "Hello" }).waitFor();
  await focusCode(page);
  await deploy(page, 1);
  await page.getByRole("form", { name: "Test request" }).getByRole("button", { name: "Send" }).click();
  await page.getByRole("region", { name: "Body" }).getByText("Hello, world!").waitFor();

  // From a template with a database.
  await page.goto("/apps/new");
  await page.getByRole("radio", { name: /^Notes/ }).check();
  await page.getByRole("textbox", { name: "Name" }).fill("Notes");
  await page.getByRole("button", { name: "Create app" }).click();
  await page.waitForURL("**/apps/notes/edit");
  await focusCode(page);
  await deploy(page, 1);
  const opened = page.waitForEvent("popup");
  await page.getByRole("link", { name: "Open the app", exact: true }).click();
  const app = await opened;
  await app.getByLabel("Title").fill("Kept");
  await app.getByLabel("Text").fill("Through a power cut.");
  await app.getByRole("button", { name: "Add note" }).click();
  await app.getByRole("heading", { name: "Kept" }).waitFor();
  // What it still loads would be cut off by the kill, which is not what is looked at here.
  await app.waitForLoadState("load");

  await world.platform.kill();
  await world.platform.restart();

  // The request wakes the app; the waiting page opens it by itself.
  const back = await ada.context.newPage();
  await back.goto(app.url());
  await back.getByRole("heading", { name: "Kept" }).waitFor();
  await back.getByText("Through a power cut.").waitFor();
  // The page that waits is a 503, and the template has no icon; the browser writes both to the console.
  expectCalm(ada, [/status of 503 .*notes\.localhost/, /status of 404 .*favicon\.ico/]);
  await ada.context.close();
}, 90_000);

test("a broken edit leaves the old version serving and is marked on its line; mended, it goes live; History goes back", async () => {
  const grace = await world.visit();
  const { page } = grace;
  await signUp(page, "Grace");
  const slug = new URL(page.url()).pathname.split("/")[2]!;
  const answerOf = async (path: string) => (await world.platform.callApp(slug, path)).status;
  await focusCode(page);
  await deploy(page, 1);

  // What the source shows is refused at once, by itself.
  await append(page, "\n@app.get('/more')\ndef more(:\n    return {'more': 1}\n");
  await page.keyboard.press("Control+Enter");
  await marks(page).first().waitFor();
  const line = await lineOf(page, "def more(:");
  expect(await problems(page).allTextContents()).toContainEqual(expect.stringContaining(`app.py:${line}`));
  expect(await world.platform.callApp(slug, "/").then(({ json }) => json())).toEqual({ message: "Hello, world!" });

  // Mended there, but now it breaks where only loading shows.
  await replaceLine(page, line, "def more() -> dict[str, int]:");
  await waitFor("the mark goes with its cause", async () => (await marks(page).count()) === 0);
  await append(page, "\nSETTING = {}['absent']\n");
  await page.keyboard.press("Control+Enter");
  await deployed(page, "Deploy failed. The version that was live serves on.");
  await marks(page).first().waitFor();
  const loading = await lineOf(page, "SETTING = {}['absent']");
  await page.getByRole("tab", { name: /^Problems/ }).click();
  expect(await problems(page).allTextContents()).toContainEqual(expect.stringMatching(new RegExp(`KeyError.*app\\.py:${loading}`)));
  expect(await answerOf("/")).toBe(200);
  expect(await answerOf("/more")).toBe(404);

  await replaceLine(page, loading, "SETTING = 1");
  await deploy(page, 2);
  expect(await answerOf("/more")).toBe(200);

  await page.getByRole("button", { name: "More" }).click();
  await page.getByRole("menuitem", { name: "History" }).click();
  await page
    .getByRole("dialog", { name: "History" })
    .getByRole("listitem")
    .filter({ hasText: "Version 1" })
    .getByRole("button", { name: "Roll back" })
    .click();
  await deployed(page, "Version 1 is live");
  expect(await answerOf("/more")).toBe(404);
  // A refused deployment answers 422, which the browser writes to its console.
  expectCalm(grace, [/status of 422/]);
  await grace.context.close();
}, 90_000);

/** The number of the line that reads `text`, of those on the screen. */
async function lineOf(page: Page, text: string): Promise<number> {
  const top = await page
    .locator(".view-line")
    .evaluateAll(
      (lines, wanted) => (lines as HTMLElement[]).find((line) => line.textContent!.replaceAll("\u00a0", " ") === wanted)?.style.top,
      text,
    );
  const number = await page
    .locator(".margin-view-overlays > div")
    .evaluateAll((lines, wanted) => (lines as HTMLElement[]).find((line) => line.style.top === wanted)?.textContent, top);
  return Number(number);
}

/** Writes `text` in place of a line, where the cursor of a marked problem already stands. */
async function replaceLine(page: Page, line: number, text: string): Promise<void> {
  const top = await page
    .locator(".margin-view-overlays > div")
    .evaluateAll((lines, wanted) => (lines as HTMLElement[]).find((each) => each.textContent === String(wanted))?.style.top, line);
  await page.locator(`.view-line[style*="top:${top}"], .view-line[style*="top: ${top}"]`).click();
  await page.keyboard.press("End");
  await page.keyboard.press("Shift+Home");
  await page.keyboard.press("Shift+Home");
  await page.keyboard.insertText(text);
}

test("what one person has, another neither sees nor reaches", async () => {
  const { platform } = world;
  const owner = await platform.signUp("owner@example.com");
  const mine = await platform.deploy(owner.token, "Secret plans", { "app.py": prober, "plan.txt": "buy the moon" });
  const stranger = await world.visitAs("stranger@example.com");
  const theirs = await platform.deploy(stranger.token, "Curious", { "app.py": prober, "plan.txt": "look around" });
  const ask = async (slug: string, path: string) =>
    (await platform.callApp(slug, path, { method: path.startsWith("/keep") ? "POST" : "GET" })).json() as Record<string, unknown>;

  // Pages: not in the list, and neither dashboard nor editor admits that there is such an app.
  const { page } = stranger;
  await page.goto("/apps");
  await page.getByRole("link", { name: "Curious", exact: true }).waitFor();
  expect(await page.getByText("Secret plans").count()).toBe(0);
  for (const path of [`/apps/${mine.slug}`, `/apps/${mine.slug}/edit`, `/apps/${mine.slug}/logs`]) {
    const answer = await page.goto(path);
    expect([path, answer!.status()]).toEqual([path, 404]);
    expect(await page.content()).not.toContain("buy the moon");
  }

  // API: the list, the app, its files, its versions, requests and variables.
  const { items } = await platform.api<{ items: { slug: string }[] }>(stranger.token, "GET", "/api/apps");
  expect(items.map(({ slug }) => slug)).not.toContain(mine.slug);
  for (const part of ["", "/versions", "/requests", "/logs", "/env", "/metrics"]) {
    for (const name of [mine.slug, mine.id]) {
      const answer = await platform.call(`/api/apps/${name}${part}`, { headers: { authorization: `Bearer ${stranger.token}` } });
      expect([part, answer.status]).toEqual([part, 404]);
    }
  }

  // Apps: B runs with its own credentials and in its own files.
  await ask(mine.slug, "/keep");
  const { database } = await ask(mine.slug, "/database");
  expect(await ask(mine.slug, `/read?database=${String(database)}`)).toEqual({ documents: 1 });
  expect(await ask(theirs.slug, `/read?database=${String(database)}`)).toEqual({ refused: 13 });
  expect(await ask(mine.slug, "/files")).toEqual({ plans: ["buy the moon"] });
  expect(await ask(theirs.slug, "/files")).toEqual({ plans: ["look around"] });

  // The pages above were asked for to be refused, which the browser writes to its console.
  expectCalm(stranger, [/status of 404/]);
  await stranger.context.close();
}, 90_000);

/** Keeps a document, and tries to read a database by name and every plan that it can find on the machine. */
const prober = `import os
from pathlib import Path

from fastapi import FastAPI
from pymongo import MongoClient
from pymongo.errors import OperationFailure

app = FastAPI()


def client():
    return MongoClient(os.environ["PLATFORM_MONGO_URI"])


@app.get("/database")
def database():
    return {"database": client().get_default_database().name}


@app.post("/keep")
def keep():
    client().get_default_database()["plans"].insert_one({"plan": "buy the moon"})
    return {}


@app.get("/read")
def read(database: str):
    try:
        return {"documents": client()[database]["plans"].count_documents({})}
    except OperationFailure as error:
        return {"refused": error.code}


@app.get("/files")
def files():
    found = set()
    for folder, folders, names in os.walk("/", onerror=None):
        folders[:] = [name for name in folders if os.path.join(folder, name) not in ("/proc", "/sys", "/usr", "/dev")]
        if "plan.txt" in names:
            found.add(Path(folder, "plan.txt").read_text())
    return {"plans": sorted(found)}
`;
