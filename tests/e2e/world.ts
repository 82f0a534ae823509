/** What the browser tests share: one platform and one browser per file, people in windows of their own, and an eye on all that goes wrong in a page. */
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { chromium, type Browser, type BrowserContext, type BrowserContextOptions, type Page } from "playwright-core";
import { expect } from "vitest";
import { startPlatform, type TestPlatform } from "../platform.ts";
import { waitFor } from "../wait.ts";

export const password = "correct horse battery";

/** No sandbox: tests may run as root in a container. The rest keeps Chromium from asking the Internet for anything. */
const chromiumArguments = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

export interface World {
  platform: TestPlatform;
  browser: Browser;
  /**
   * A window of its own: no cookies but those that come. What goes wrong in its pages is in `troubles`. The language server is off in
   * it, which would take 0.7 GB and both cores of a small machine for each editor; its own tests turn it on (language.ts).
   */
  visit(options?: VisitOptions): Promise<Visit>;
  /** A window in which a new person is signed in; the account is made over the API. */
  visitAs(email: string, options?: VisitOptions): Promise<Visit & { token: string }>;
  stop(): Promise<void>;
}

export interface VisitOptions extends BrowserContextOptions {
  /** What the editor's switch says at first; null leaves it to the editor. */
  languageServer?: "on" | "off" | null;
}

export interface Visit {
  context: BrowserContext;
  page: Page;
  /** Errors on the console, exceptions, refusals by the policy, failed requests; in every page of this window, in order. */
  troubles: string[];
}

/** Starts a platform and a browser; `settings` are the platform's. */
export async function startWorld(settings: Record<string, string> = {}): Promise<World> {
  const [platform, browser] = await Promise.all([
    startPlatform(settings),
    chromium.launch({ executablePath: process.env["FP_CHROMIUM"] ?? "/usr/bin/chromium", args: chromiumArguments }),
  ]);
  const visit = async ({ languageServer = "off", ...options }: VisitOptions = {}): Promise<Visit> => {
    const context = await browser.newContext({
      baseURL: platform.url,
      viewport: { width: 1440, height: 900 },
      colorScheme: "light",
      reducedMotion: "reduce",
      ...options,
    });
    context.setDefaultTimeout(20_000);
    if (languageServer !== null)
      // Only while nothing was chosen: this runs again with every page.
      await context.addInitScript((chosen) => {
        // Not in frames: what an app shows may have no storage.
        if (self === top && self.origin !== "null")
          localStorage.setItem("fp:language-server", localStorage.getItem("fp:language-server") ?? chosen);
      }, languageServer);
    const troubles: string[] = [];
    context.on("page", (page) => watchPage(page, troubles));
    return { context, page: await context.newPage(), troubles };
  };
  return {
    platform,
    browser,
    visit,
    async visitAs(email, options) {
      const { token } = await platform.signUp(email);
      const visitor = await visit(options);
      await signIn(visitor.page, email);
      return { ...visitor, token };
    },
    async stop() {
      await browser.close();
      await platform.stop();
    },
  };
}

/** A page that an app answered stands in the test panel without its style sheets, and Chromium tells of each; that is no trouble of ours. */
function watchPage(page: Page, troubles: string[]): void {
  page.on("console", (message) => {
    if (message.location().url === "about:srcdoc" && message.text().startsWith("Loading the stylesheet")) return;
    if (message.type() === "error" || message.text().includes("Content Security Policy"))
      troubles.push(`console: ${message.text()} (${message.location().url})`);
  });
  page.on("pageerror", (error) => troubles.push(`exception: ${error.stack ?? error.message}`));
  page.on("requestfailed", (request) => {
    // What a page lets go of when it is left (streams, prefetches) is no failure.
    const reason = request.failure()?.errorText;
    if (reason === "csp" && request.url().endsWith(".css")) return;
    if (reason !== "net::ERR_ABORTED") troubles.push(`request: ${request.method()} ${request.url()} ${reason}`);
  });
}

/** Signs in with the form. */
export async function signIn(page: Page, email: string): Promise<void> {
  await page.goto("/sign-in");
  await page.getByLabel("E-mail").fill(email);
  await page.getByLabel("Password").fill(password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.waitForURL("**/apps");
}

/** Signs up with the form; a new account lands in the editor. */
export async function signUp(page: Page, name: string): Promise<void> {
  await page.goto("/sign-up");
  await page.getByLabel("Name").fill(name);
  await page.getByLabel("E-mail").fill(`${name.toLowerCase()}@example.com`);
  await page.getByLabel("Password").fill(password);
  await page.getByRole("button", { name: "Sign up" }).click();
  await page.waitForURL("**/edit");
}

/** Opens the palette by its key, as often as it takes: a page that has just come does not listen yet. */
export async function openPalette(page: Page): Promise<void> {
  const field = page.getByRole("combobox", { name: "App or action" });
  await waitFor("the palette opens", async () => {
    await page.keyboard.press("Control+k");
    return field.waitFor({ timeout: 1_000 }).then(
      () => true,
      () => false,
    );
  });
}

/** Waits until the editor can be typed in, and puts the focus there. */
export async function focusCode(page: Page): Promise<void> {
  const code = page.getByTestId("code");
  await code.locator(".view-line").first().waitFor();
  await code.locator(".view-lines").click();
  await page.waitForFunction(() => document.activeElement?.closest("[data-testid=code]") != null);
}

/** On a phone the panes are tabs. */
export async function pickPane(page: Page, narrow: boolean, name: string): Promise<void> {
  if (narrow) await page.getByRole("navigation", { name: "Panes" }).getByRole("button", { name }).click();
}

/** Types at the end of the open file, as it stands: without the indentation that an editor adds by itself. */
export async function append(page: Page, text: string): Promise<void> {
  await focusCode(page);
  await page.keyboard.press("Control+End");
  await page.keyboard.insertText(text);
}

/** Presses Deploy by its key and waits until the panel tells that `version` is live. */
export async function deploy(page: Page, version: number): Promise<void> {
  await page.keyboard.press("Control+Enter");
  await deployed(page, `Version ${version} is live`);
}

/** Waits until the Deploy panel says how a deployment ended. */
export async function deployed(page: Page, words: string): Promise<void> {
  await page.getByRole("tabpanel", { name: "Deploy" }).getByRole("status").filter({ hasText: words }).waitFor();
}

const axe = readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** Everything axe finds against WCAG 2.1 A and AA, one line each. */
export async function findBarriers(page: Page): Promise<string[]> {
  // Evaluated by the debugger, which the page's policy does not bind.
  await page.evaluate(`if (!window.axe) { ${await axe} }`);
  return await page.evaluate(async () => {
    interface Found {
      violations: { id: string; nodes: { target: string[]; failureSummary: string }[] }[];
    }
    const found = (await (window as unknown as { axe: { run(where: Document, options: object): Promise<Found> } }).axe.run(document, {
      runOnly: ["wcag2a", "wcag2aa", "wcag21aa"],
    })) as Found;
    return found.violations.flatMap(({ id, nodes }) =>
      nodes.map(({ target, failureSummary }) => `${id}: ${target.join(" ")}: ${failureSummary.replaceAll("\n", " ")}`),
    );
  });
}

/** Nothing went wrong in any page of this window; `allowed` are patterns of what the test itself provoked. */
export function expectCalm({ troubles }: Visit, allowed: readonly RegExp[] = []): void {
  expect(troubles.filter((trouble) => !allowed.some((pattern) => pattern.test(trouble)))).toEqual([]);
}
