/** What the tests of the Python language server share: an app of two files, open in an editor whose server is ready. */
import type { Page } from "playwright-core";
import { afterAll, beforeAll } from "vitest";
import { focusCode, startWorld, type Visit, type World } from "./world.ts";

export const files = {
  "app.py": `import os

from fastapi import Depends, FastAPI
from pymongo import MongoClient

from store import find_note

app = FastAPI()
notes = MongoClient()["app"]["notes"]


@app.get("/")
def read(note=Depends(find_note)):
    return {"note": note, "here": os.getcwd(), "all": notes.name}
`,
  "store.py": '"""Keeps notes."""\n\n\ndef find_note(key: int = 1):\n    """Finds one note."""\n    return {"key": key, "of": nobody}\n',
};

export let world: World;
export let ada: Visit & { token: string };
export let page: Page;

/** To be called by a test file: its tests follow each other in one editor. */
export function useLanguageServer(): void {
  beforeAll(async () => {
    world = await startWorld();
    ada = await world.visitAs("ada@example.com", { languageServer: "on" });
    page = ada.page;
    await world.platform.api(ada.token, "POST", "/api/apps", { name: "Linguist", files, database: null });
    const began = performance.now();
    await page.goto("/apps/linguist/edit");
    await focusCode(page);
    await state("ready");
    // oxlint-disable-next-line no-console -- the figure is read by people
    console.log(`language server ready ${Math.round(performance.now() - began)} ms after the page was asked for`);
  }, 180_000);
  afterAll(() => world?.stop());
}

export const status = () => page.getByRole("button", { name: /^Python language server: / });
export const state = (word: string, where = page) =>
  where.getByRole("button", { name: `Python language server: ${word}`, exact: true }).waitFor({ timeout: 120_000 });
export const workers = (where = page) => where.workers().filter((worker) => worker.url().includes("pyright.worker"));
