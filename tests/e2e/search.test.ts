/** Search and replace over all files of an app. */
import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { waitFor } from "../wait.ts";
import { look, prepareScreens } from "./look.ts";
import { expectCalm, focusCode, pickPane, startWorld, type Visit, type World } from "./world.ts";

const files = {
  "app.py":
    "from fastapi import FastAPI\n\nfrom store import find_note\n\napp = FastAPI()\n\n\n@app.get('/')\ndef read():\n    return find_note(1)\n",
  "store.py": "def find_note(key: int):\n    return {'note': key}\n\n\ndef find_notes():\n    return [find_note(1)]\n",
  "static/notes.txt": "find_note finds a note\n",
};

let world: World;
let ada: Visit & { token: string };
let page: Page;
beforeAll(async () => {
  await prepareScreens();
  world = await startWorld();
  ada = await world.visitAs("ada@example.com");
  page = ada.page;
  await world.platform.api(ada.token, "POST", "/api/apps", { name: "Finder", files, database: null });
  await page.goto("/apps/finder/edit");
  await focusCode(page);
}, 60_000);
afterAll(() => world?.stop());

const pane = () => page.getByRole("search", { name: "All files" });
const status = () => pane().getByRole("status");
const field = () => pane().getByRole("searchbox", { name: "Search all files" });
test("Ctrl+Shift+F searches all files for what is selected, and a result leads to its place", async () => {
  await page.keyboard.press("Control+Home");
  // `fastapi`, the second word.
  await page.keyboard.press("Control+ArrowRight");
  await page.keyboard.press("Control+ArrowRight");
  await page.keyboard.press("Control+Shift+ArrowLeft");
  await page.keyboard.press("Control+Shift+f");
  await waitFor("the field has what was selected", async () => (await field().inputValue()).trim() === "fastapi");
  await field().fill("find_note");
  await status().filter({ hasText: "6 in 3 files" }).waitFor();
  await page.keyboard.press("Tab");
  await pane().getByRole("button", { name: "Whole words" }).click();
  await status().filter({ hasText: "5 in 3 files" }).waitFor();
  await pane()
    .getByRole("button", { name: /^Line 6: / })
    .click();
  await page.getByText("store.py", { exact: true }).first().waitFor();
  await page.waitForFunction(() => document.activeElement?.closest("[data-testid=code]") != null);
  expectCalm(ada);
});

test("what would be replaced is shown first, can be left out, and comes back with one click", async () => {
  await page.keyboard.press("Control+Shift+f");
  await pane().getByRole("button", { name: "Replace", exact: true }).click();
  await pane().getByRole("textbox", { name: "Replace with" }).fill("get_note");
  await pane().locator("ins").first().waitFor();
  expect(await pane().locator("del").count()).toBe(5);
  await look(ada, "editor-search", {
    arrange: (_, narrow) => pickPane(page, narrow, "Files"),
  });
  await pane().getByRole("button", { name: "Leave out line 1 of static/notes.txt" }).click();
  await pane().getByRole("button", { name: "Replace all 4" }).click();
  await page.getByText("Replaced 4 in 2 files").waitFor();
  await status().filter({ hasText: "All left out" }).waitFor();
  await page.getByRole("button", { name: "Undo" }).click();
  await status().filter({ hasText: "4 in 2 files" }).waitFor();
  expectCalm(ada);
});

test("an expression with groups; one that is none, and one that never ends, say so", async () => {
  await pane().getByRole("button", { name: "Whole words" }).click();
  await pane().getByRole("button", { name: "Regular expression" }).click();
  await field().fill(String.raw`find_(\w+)\(`);
  await pane().getByRole("textbox", { name: "Replace with" }).fill("$1_of(");
  await pane().getByText("notes_of(", { exact: true }).waitFor();
  await field().fill("find_(");
  await status().filter({ hasText: "This is not a regular expression: Unterminated group" }).waitFor();
  await field().fill(String.raw`^(\s*(\w+\s*)*)*!$`);
  await status().filter({ hasText: "This takes too long" }).waitFor();
  await field().press("Escape");
  await page.getByRole("navigation", { name: "Files" }).waitFor();
  expectCalm(ada);
});

test("what was replaced is what is saved", async () => {
  await page.getByRole("button", { name: "Search all files" }).click();
  await pane().getByRole("button", { name: "Regular expression" }).click();
  await field().fill("find_note");
  await pane().getByRole("textbox", { name: "Replace with" }).fill("look_up");
  await pane().getByRole("button", { name: "Replace all 6" }).click();
  await page.keyboard.press("Control+s");
  await waitFor("the draft is saved", async () => {
    const { files: saved } = await world.platform.api<{ files: Record<string, string> }>(ada.token, "GET", "/api/apps/finder");
    return saved["app.py"]!.includes("look_up(1)") && saved["store.py"]!.includes("def look_ups():");
  });
  expectCalm(ada);
});
