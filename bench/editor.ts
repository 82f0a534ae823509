/** What a person waits for in the editor, in a real browser: until it can be typed in, until a mistake is marked, until completion answers. */
import { chromium, type Browser, type CDPSession, type Page } from "playwright-core";
import type { Outcome, Series } from "./figures.ts";
import { whenQuiet } from "./processes.ts";
import { counted, type World } from "./world.ts";
import type { TestPlatform } from "../tests/platform.ts";

const password = "correct horse battery";
/** 500 lines of handlers, as an app that has grown. */
const large = `from fastapi import FastAPI\n\napp = FastAPI()\n\n${Array.from(
  { length: 99 },
  (_, index) => `\n@app.get("/items/${index}")\ndef read_${index}(limit: int = ${index}):\n    return {"limit": limit}\n`,
).join("")}`;

export async function measureEditor(world: World): Promise<Outcome> {
  const platform = await world.platform();
  const browser = await chromium.launch({
    executablePath: process.env["FP_CHROMIUM"] ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu"],
  });
  try {
    const { token, email } = await platform.signUp();
    await platform.api(token, "POST", "/api/apps", { name: "measured", files: { "app.py": large }, database: null });
    const opened: Opened[] = [];
    for (let turn = 0; turn < counted(5); turn += 1) {
      await whenQuiet(platform.pid);
      opened.push(await open(browser, platform, email));
    }
    return { series: toSeries(opened), notes };
  } finally {
    await browser.close();
  }
}

const notes = [
  "Each run is a window with nothing kept; the page is asked for by somebody who is signed in, over loopback. It can be typed in: the code is shown, in Monaco.",
  "Keystroke → diagnostics: from the last key of an undefined name in a file of 500 lines to its squiggle, seen by the page itself.",
  "Bytes are what came over the wire (gzip or Brotli), scripts and what they load, beyond what sign-in and the apps list had fetched before.",
];

interface Opened {
  interactiveMs: number;
  diagnosticsMs: number[];
  readyMs: number;
  completionMs: number[];
  bytes: { before: number; monaco: number; language: number };
}

async function open(browser: Browser, platform: TestPlatform, email: string): Promise<Opened> {
  const context = await browser.newContext({ baseURL: platform.url, viewport: { width: 1440, height: 900 } });
  try {
    await context.addInitScript(() => self === top && self.origin !== "null" && localStorage.setItem("fp:language-server", "on"));
    const page = await context.newPage();
    await signIn(page, email);
    const weights = await weigh(await context.newCDPSession(page));
    await page.goto("/apps/measured/edit", { waitUntil: "commit" });
    const interactiveMs = await seenAt(page, "[data-testid=code] .view-line");
    const readyMs = await seenAt(page, 'button[aria-label="Python language server: ready"]');
    await page.locator("[data-testid=code] .view-lines").click();
    const diagnosticsMs: number[] = [];
    const completionMs: number[] = [];
    for (let turn = 0; turn < 5; turn += 1) {
      // As somebody who has read a while: the server has looked at what was typed before.
      await page.waitForTimeout(1_000);
      diagnosticsMs.push(await timeMistake(page));
    }
    for (const text of ["@app.", "app.state.", "app.", "@app.", '"".']) completionMs.push(await timeCompletion(page, text));
    return { interactiveMs, diagnosticsMs, readyMs, completionMs, bytes: await weights(page) };
  } finally {
    await context.close();
  }
}

async function signIn(page: Page, email: string): Promise<void> {
  await page.goto("/sign-in");
  await page.getByLabel("E-mail").fill(email);
  await page.getByLabel("Password").fill(password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.waitForURL("**/apps");
}

/** What the editor's page fetches, by what it is for; workers ask for their own files, which the page's session does not see. */
async function weigh(session: CDPSession): Promise<(page: Page) => Promise<Opened["bytes"]>> {
  const addresses = new Map<string, string>();
  const sizes = new Map<string, number>();
  await session.send("Network.enable");
  session.on("Network.responseReceived", ({ requestId, response }) => addresses.set(requestId, response.url));
  session.on("Network.loadingFinished", ({ requestId, encodedDataLength }) => sizes.set(requestId, encodedDataLength));
  return async (page) => {
    const html = await (await page.request.get("/apps/measured/edit")).text();
    const first = new Set([...html.matchAll(/<link rel="modulepreload" href="([^"]+)"/g)].map(([, path]) => path));
    const types = /types\\?",\\?"([0-9a-f]{16})/.exec(html)?.[1];
    const bytes = { before: 0, monaco: 0, language: 0 };
    for (const [id, address] of addresses) {
      const { pathname } = new URL(address);
      if (!/\.(js|wasm)$/.test(pathname) || pathname.includes("pyright.worker")) continue;
      bytes[first.has(pathname) ? "before" : "monaco"] += sizes.get(id) ?? 0;
    }
    const worker = page.workers().find((each) => each.url().includes("pyright.worker"))!;
    for (const address of [worker.url(), ...(types === undefined ? [] : [`/python-types/${types}`])])
      bytes.language += Number((await page.request.get(address)).headers()["content-length"] ?? 0);
    return bytes;
  };
}

/** When the page first shows what `selector` names, in ms since it was asked for, by its own clock; looked at in every frame. */
async function seenAt(page: Page, selector: string): Promise<number> {
  const seen = await page.waitForFunction((wanted) => document.querySelector(wanted) !== null && performance.now(), selector, {
    timeout: 120_000,
  });
  return Number(await seen.jsonValue());
}

/** From the last key to the mark, both by the page's own clock. */
async function timeMistake(page: Page): Promise<number> {
  await page.keyboard.press("Control+End");
  await page.evaluate(() => {
    const state = window as unknown as { lastKeyAt: number; markedAt: number };
    state.markedAt = 0;
    addEventListener("keydown", () => (state.lastKeyAt = performance.now()), { capture: true });
    const seen = new MutationObserver(() => {
      if (state.markedAt > 0 || document.querySelector("[data-testid=code] .squiggly-warning") === null) return;
      state.markedAt = performance.now();
      seen.disconnect();
    });
    seen.observe(document.querySelector("[data-testid=code] .view-overlays") ?? document.body, {
      subtree: true,
      childList: true,
      attributes: true,
    });
  });
  await page.keyboard.type("nobody");
  const marked = await page.waitForFunction(() => {
    const { lastKeyAt, markedAt } = window as unknown as { lastKeyAt: number; markedAt: number };
    return markedAt > 0 && markedAt - lastKeyAt;
  });
  await clearLine(page);
  await page.locator("[data-testid=code] .squiggly-warning").waitFor({ state: "hidden" });
  return Number(await marked.jsonValue());
}

async function timeCompletion(page: Page, text: string): Promise<number> {
  await page.keyboard.press("Control+End");
  await page.keyboard.type(text);
  const began = performance.now();
  // Looked at in every frame: a locator's own looks are half a second apart by then.
  await page.waitForFunction(() => document.querySelector('.suggest-widget.visible [role=option]:not([aria-label$=", Text"])') !== null);
  const took = performance.now() - began;
  await clearLine(page);
  return took;
}

async function clearLine(page: Page): Promise<void> {
  for (const key of ["Escape", "Home", "Shift+End", "Delete"]) await page.keyboard.press(key);
}

function toSeries(opened: readonly Opened[]): Series[] {
  const kilobytes = (pick: (bytes: Opened["bytes"]) => number): number[] => [pick(opened[0]!.bytes) / 1_000];
  return [
    { name: "the editor can be typed in", values: opened.map(({ interactiveMs }) => interactiveMs) },
    { name: "keystroke → diagnostics, 500 lines", values: opened.flatMap(({ diagnosticsMs }) => diagnosticsMs), aim: { median: 100 } },
    { name: "language server ready, from the page's request", values: opened.map(({ readyMs }) => readyMs) },
    { name: "first completion", values: opened.map(({ completionMs }) => completionMs[0]!), aim: { atMost: 3_000 } },
    { name: "later completions", values: opened.flatMap(({ completionMs }) => completionMs.slice(1)), aim: { median: 500 } },
    { name: "JavaScript before Monaco", values: kilobytes(({ before }) => before), unit: "KB" },
    { name: "Monaco, ruff and the panels", values: kilobytes(({ monaco }) => monaco), unit: "KB" },
    { name: "language server and types", values: kilobytes(({ language }) => language), unit: "KB" },
  ];
}
