/**
 * Every screen in both themes, on a laptop and on a phone: a screenshot of each lies in `<temp>/fastapi-platform-screens` afterwards, to be looked at.
 * axe finds nothing, nothing scrolls sideways, nothing goes wrong in the browser. `UPDATE_SCREENSHOTS=1` renews those in docs/screenshots.
 */
import { mkdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { waitFor } from "../wait.ts";
import { deployed, expectCalm, findBarriers, focusCode, openPalette, startWorld, type Visit, type World } from "./world.ts";

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

const laptop = { width: 1440, height: 900 };
const phone = { width: 390, height: 844 };

let world: World;
/** Has apps in every state. */
let ada: Visit & { token: string };
/** Has none. */
let eve: Visit & { token: string };
let anyone: Visit;

beforeAll(async () => {
  await mkdir(folder, { recursive: true });
  if (updating) await mkdir(docs, { recursive: true });
  world = await startWorld();
  ada = await world.visitAs("ada@example.com");
  eve = await world.visitAs("eve@example.com");
  anyone = await world.visit();
  await furnish();
}, 120_000);
afterAll(() => world?.stop());

interface Look {
  /** Runs at each width before the screenshot, such as to show a pane that is a tab on a phone. */
  arrange?: (page: Page, narrow: boolean) => Promise<void>;
  /** What the browser may say: it writes each answer of 400 and above to its console. */
  allowed?: readonly RegExp[];
  /** Rules of axe that do not hold here, and why. */
  waived?: readonly RegExp[];
}

/** Looks at the page as it stands, in both themes and both widths. */
async function look(visit: Visit, name: string, { arrange, allowed = [], waived = [] }: Look = {}): Promise<void> {
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
      await page.screenshot({ path: join(folder, `${shot}.png`), animations: "disabled" });
      if (updating && chosen.has(shot))
        await page.screenshot({ path: join(docs, `${shot.replace("editor-phone-light", "editor-phone")}.png`), animations: "disabled" });
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

describe("signed out", () => {
  test("sign-in, and what it says of a wrong password", async () => {
    const { page } = anyone;
    await page.goto("/sign-in?next=%2Fsettings");
    await page.getByLabel("E-mail").fill("ada@example.com");
    await page.getByLabel("Password").fill("not this one");
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByText("The address or the password is not right.").waitFor();
    await look(anyone, "sign-in", { allowed: [/status of 4../] });
    anyone.troubles.length = 0;
  });
  test("sign-up", async () => {
    await anyone.page.goto("/sign-up");
    await look(anyone, "sign-up");
  });
  test("an address where nothing is", async () => {
    await anyone.page.goto("/nowhere");
    await look(anyone, "not-found-signed-out", { allowed: [/status of 404/] });
    anyone.troubles.length = 0;
  });
  test("an app that wakes", async () => {
    await world.platform.api(ada.token, "POST", "/api/apps/slow-start/sleep");
    await waitFor("the app sleeps", async () => (await statusOf("slow-start")) === "sleeping");
    // The first request shows the page; when the page asks again, it is held as it is.
    let asked = 0;
    const { page } = anyone;
    await page.route(/slow-start\.localhost/, (route) => ((asked += 1) === 1 ? route.continue() : route.abort("aborted")));
    await page.goto(`http://slow-start.localhost:${world.platform.port}/`);
    await page.getByRole("heading", { name: "Waking up" }).waitFor();
    // Asking again until the app answers is what the page is for; nobody loses anything they were doing on it (WCAG 2.2.1, essential).
    await look(anyone, "waking", { allowed: [/status of 503/, /favicon/], waived: [/^meta-refresh:/] });
  });
});

describe("apps", () => {
  test("none yet", async () => {
    await eve.page.goto("/apps");
    await look(eve, "apps-none");
  });
  test("some, in every state", async () => {
    await ada.page.goto("/apps");
    await look(ada, "apps");
  });
  test("a search that finds nothing", async () => {
    await ada.page.goto("/apps?search=zebra");
    await look(ada, "apps-no-match");
  });
  test("many", async () => {
    const names = Array.from(
      { length: 55 },
      (_, index) => `Job number ${index + 1}${index % 9 === 0 ? " with a name that is a good deal longer than most" : ""}`,
    );
    await Promise.all(
      names.map((name) => world.platform.api(eve.token, "POST", "/api/apps", { name, code: "app = None\n", database: null })),
    );
    await eve.page.goto("/apps");
    await look(eve, "apps-many");
  });
  test("a new one", async () => {
    await ada.page.goto("/apps/new");
    await look(ada, "new-app");
  });
});

describe("editor", () => {
  test("with an answer in the test panel", async () => {
    const { page } = ada;
    await page.goto("/apps/greeter/edit");
    await focusCode(page);
    await page.getByRole("combobox", { name: "Path" }).fill("/?name=Ada");
    await page.getByRole("button", { name: "Send" }).click();
    await page.getByText("Hello, Ada!").waitFor();
    await look(ada, "editor-answer", { arrange: (_, narrow) => pickPane(page, narrow, "Try") });
  });
  test("right after a deployment, the code on a phone", async () => {
    const { page } = ada;
    await page.goto("/apps/notes/edit");
    await focusCode(page);
    await page.keyboard.press("Control+Enter");
    await deployed(page, "is live");
    // By its label: a message is hidden from the tree of roles until its region is entered.
    const message = page.getByLabel("Dismiss");
    await message.waitFor();
    await page.getByRole("combobox", { name: "Path" }).fill("/");
    await page.getByRole("button", { name: "Send" }).click();
    await page.getByText("200 status").waitFor();
    await message.waitFor({ state: "hidden" });
    await look(ada, "editor", { arrange: (_, narrow) => pickPane(page, narrow, "Code") });
  });
  test("with a deployment that failed at load", async () => {
    const { page } = ada;
    await page.goto("/apps/broken/edit");
    await focusCode(page);
    await page.keyboard.press("Control+Enter");
    await deployed(page, "Deploy failed");
    await look(ada, "failed-deploy", { arrange: (_, narrow) => pickPane(page, narrow, "Output") });
  });
  test("its settings", async () => {
    const { page } = ada;
    await page.goto("/apps/notes/edit");
    await focusCode(page);
    await page.getByRole("button", { name: "More" }).click();
    await page.getByRole("menuitem", { name: "Settings" }).click();
    await page.getByRole("dialog").waitFor();
    await look(ada, "editor-settings");
  });
  test("its history", async () => {
    const { page } = ada;
    await page.goto("/apps/notes/edit");
    await focusCode(page);
    await page.getByRole("button", { name: "More" }).click();
    await page.getByRole("menuitem", { name: "History" }).click();
    await page.getByRole("dialog").getByText("Version 1").waitFor();
    await look(ada, "editor-history");
  });
});

describe("the rest", () => {
  test("dashboard with requests and a traceback open", async () => {
    const { page } = ada;
    const { items } = await world.platform.api<{ items: { id: string; error?: unknown }[] }>(
      ada.token,
      "GET",
      "/api/apps/greeter/requests?status=5xx",
    );
    await page.goto(`/apps/greeter?request=${items[0]!.id}`);
    await page.getByRole("region", { name: "Traceback" }).waitFor();
    await page.getByText("greeting ada").first().waitFor();
    await look(ada, "traceback");
  });
  test("dashboard", async () => {
    await ada.page.goto("/apps/greeter");
    await ada.page.getByText("greeting ada").first().waitFor();
    await look(ada, "dashboard");
  });
  test("dashboard of an app that was never deployed", async () => {
    await ada.page.goto("/apps/idea");
    await look(ada, "dashboard-not-deployed");
  });
  test("dashboard of an app whose deployment failed", async () => {
    await ada.page.goto("/apps/broken");
    await look(ada, "dashboard-failed");
  });
  test("settings with a token that is shown once", async () => {
    const { page } = ada;
    await page.goto("/settings");
    await page.getByLabel("Name").fill("laptop");
    await page.getByRole("button", { name: "Create token" }).click();
    await page.getByText("Copy it now").waitFor();
    await look(ada, "settings");
  });
  test("the API's reference", async () => {
    await ada.page.goto("/docs/api");
    await look(ada, "api-reference");
  });
  test("the palette and the shortcuts", async () => {
    const { page } = ada;
    await page.goto("/apps");
    await openPalette(page);
    await page.getByRole("option", { name: /^Greeter/ }).waitFor();
    await look(ada, "palette");
    await page.keyboard.press("Escape");
    await page.keyboard.press("?");
    await page.getByRole("dialog").waitFor();
    await look(ada, "shortcuts");
  });
  test("an app that is not there", async () => {
    await ada.page.goto("/apps/not-there");
    await look(ada, "not-found", { allowed: [/status of 404/] });
  });
});

/** On a phone the panes are tabs. */
async function pickPane(page: Page, narrow: boolean, name: string): Promise<void> {
  if (narrow) await page.getByRole("navigation", { name: "Panes" }).getByRole("button", { name }).click();
}

async function statusOf(slug: string): Promise<unknown> {
  return (await world.platform.api(ada.token, "GET", `/api/apps/${slug}`))["status"];
}

/** Apps in every state, with requests, an exception and lines in the log. */
async function furnish(): Promise<void> {
  const { platform } = world;
  const create = (body: object) => platform.api<{ slug: string }>(ada.token, "POST", "/api/apps", body);
  await create({ name: "Idea", code: greeter, description: "A bot that answers what the weather will be" });
  await create({ name: "Broken", code: broken });
  await create({ name: "Notes", template: "notes" });
  await create({ name: "To-do", template: "todo-fasthtml" });
  await Promise.all([
    platform.deploy(ada.token, "Greeter", { "app.py": greeter }),
    platform.deploy(ada.token, "Slow start", { "app.py": slow }),
  ]);
  const fail = await platform.api<{ deploymentId: string }>(ada.token, "POST", "/api/apps/broken/deploy", {});
  await platform.settled(ada.token, fail.deploymentId).catch(() => undefined);
  for (const slug of ["notes", "to-do"]) {
    const { deploymentId } = await platform.api<{ deploymentId: string }>(ada.token, "POST", `/api/apps/${slug}/deploy`, {});
    await platform.settled(ada.token, deploymentId);
  }
  for (const path of [
    "/",
    "/?name=ada",
    "/orders/7/total",
    "/orders/8/total?currency=eur",
    "/missing",
    "/?name=grace",
    "/docs",
    "/openapi.json",
    "/orders/0/total",
    "/stock",
  ])
    await platform.callApp("greeter", path);
  await platform.callApp("greeter", "/orders", { method: "POST", headers: { "content-type": "application/json" }, body: "{}" });
  await platform.api(ada.token, "POST", "/api/apps/to-do/sleep");
  await waitFor("the exception is recorded", async () => {
    const { items } = await platform.api<{ items: { error?: unknown }[] }>(ada.token, "GET", "/api/apps/greeter/requests?status=5xx");
    return items[0]?.error !== undefined;
  });
}

const greeter = `"""Greets people and adds up their orders."""

from fastapi import FastAPI
from pydantic import BaseModel

app = FastAPI(title="Greeter")
orders = {7: [12.5, 3.0], 8: [99.0], 0: []}


class Order(BaseModel):
    prices: list[float]


@app.get("/")
def hello(name: str = "world") -> dict[str, str]:
    print(f"greeting {name}")
    return {"message": f"Hello, {name}!"}


@app.get("/orders/{number}/total")
def total(number: int, currency: str = "usd") -> dict[str, float]:
    prices = orders[number]
    return {"total": sum(prices), "mean": mean(prices)}


@app.post("/orders")
def add(order: Order) -> dict[str, int]:
    number = max(orders) + 1
    orders[number] = order.prices
    return {"number": number}


@app.get("/stock")
def stock() -> dict[str, int]:
    for shelf in range(1, 25):
        print(f"shelf {shelf}: {shelf * 7 % 12} left")
    return {"shelves": 24}


def mean(prices: list[float]) -> float:
    return sum(prices) / len(prices)
`;

const broken = `"""Reads its price list when it starts."""

from pathlib import Path

from fastapi import FastAPI

app = FastAPI(title="Prices")
prices = Path("prices.csv").read_text().splitlines()


@app.get("/")
def read() -> list[str]:
    return prices
`;

const slow = `import time

from fastapi import FastAPI

time.sleep(3)
app = FastAPI()


@app.get("/")
def read() -> dict[str, str]:
    return {"message": "Good morning"}
`;
