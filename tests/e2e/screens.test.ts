/** Every screen in both themes, on a laptop and on a phone (look.ts): in every state that a person may find it in. */
import { afterAll, beforeAll, describe, test } from "vitest";
import { waitFor } from "../wait.ts";
import { furnish } from "./furnish.ts";
import { look, prepareScreens } from "./look.ts";
import { deployed, focusCode, openPalette, pickPane, startWorld, type Visit, type World } from "./world.ts";

let world: World;
/** Has apps in every state. */
let ada: Visit & { token: string };
/** Has none. */
let eve: Visit & { token: string };
let anyone: Visit;

beforeAll(async () => {
  await prepareScreens();
  world = await startWorld();
  ada = await world.visitAs("ada@example.com");
  eve = await world.visitAs("eve@example.com");
  anyone = await world.visit();
  await furnish(world.platform, ada.token);
}, 120_000);
afterAll(() => world?.stop());

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

async function statusOf(slug: string): Promise<unknown> {
  return (await world.platform.api(ada.token, "GET", `/api/apps/${slug}`))["status"];
}
