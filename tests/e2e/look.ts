/**
 * Looks at a screen: a screenshot of each lies in `<temp>/fastapi-platform-screens` afterwards, to be looked at by people. axe finds
 * nothing, nothing scrolls sideways, nothing goes wrong in the browser. `UPDATE_SCREENSHOTS=1` renews those in docs/screenshots.
 */
import { mkdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { expect } from "vitest";
import { expectCalm, findBarriers, type Visit } from "./world.ts";

const folder = join(tmpdir(), "fastapi-platform-screens");
const docs = join(import.meta.dirname, "../../docs/screenshots");
const updating = process.env["UPDATE_SCREENSHOTS"] === "1";
/** The ones that the documentation shows. */
const chosen = new Set([
  "editor-light",
  "editor-dark",
  "editor-phone-light",
  "failed-deploy-light",
  "dashboard-light",
  "dashboard-dark",
  "dashboard-phone-dark",
  "apps-dark",
  "apps-light",
  "sign-up-light",
]);

/** A picture needs a frame of the browser, which on a busy machine may be long in coming. */
const picture = { animations: "disabled", timeout: 60_000 } as const;

const laptop = { width: 1440, height: 900 };
const phone = { width: 390, height: 844 };

/** Makes the folders for the screenshots. */
export async function prepareScreens(): Promise<void> {
  await mkdir(folder, { recursive: true });
  if (updating) await mkdir(docs, { recursive: true });
}

export interface Look {
  /** Runs at each width before the screenshot, such as to show a pane that is a tab on a phone. */
  arrange?: (page: Page, narrow: boolean) => Promise<void>;
  /** What the browser may say: it writes each answer of 400 and above to its console. */
  allowed?: readonly RegExp[];
  /** Rules of axe that do not hold here, and why. */
  waived?: readonly RegExp[];
}

/** Looks at the page as it stands, in both themes and both widths. */
export async function look(visit: Visit, name: string, { arrange, allowed = [], waived = [] }: Look = {}): Promise<void> {
  const { page } = visit;
  const found: string[] = [];
  for (const size of [laptop, phone]) {
    const narrow = size === phone;
    await page.setViewportSize(size);
    await arrange?.(page, narrow);
    for (const theme of ["light", "dark"] as const) {
      await page.emulateMedia({ colorScheme: theme, reducedMotion: "reduce" });
      await page.evaluate(() => document.fonts.ready);
      const shot = `${name}${narrow ? "-phone" : ""}-${theme}`;
      await page.screenshot({ path: join(folder, `${shot}.png`), ...picture });
      if (updating && chosen.has(shot))
        await page.screenshot({ path: join(docs, `${shot.replace("editor-phone-light", "editor-phone")}.png`), ...picture });
      // The dark colours are the same on a phone; axe is slow enough to leave the fourth time out.
      if (narrow && theme === "dark") continue;
      for (const barrier of await findBarriers(page)) if (!waived.some((rule) => rule.test(barrier))) found.push(`${shot}: ${barrier}`);
    }
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    if (wide > 0) found.push(`${name} at ${size.width}: ${wide} pixels too wide`);
  }
  await page.setViewportSize(laptop);
  await page.emulateMedia({ colorScheme: "light", reducedMotion: "reduce" });
  expect(found).toEqual([]);
  expectCalm(visit, allowed);
}
