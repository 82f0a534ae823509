/** What an app answered, in figures: on its dashboard by the hour, and in the list of apps in small. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { look, prepareScreens } from "./look.ts";
import { expectCalm, startWorld, type Visit, type World } from "./world.ts";

let world: World;
let ada: Visit & { token: string };
let slug: string;
beforeAll(async () => {
  await prepareScreens();
  world = await startWorld();
  ada = await world.visitAs("ada@example.com");
  ({ slug } = await world.platform.deploy(ada.token, "Counted", { "app.py": app }));
}, 120_000);
afterAll(() => world?.stop());

const app = `from fastapi import FastAPI

app = FastAPI()


@app.get("/")
def home():
    return "here"


@app.get("/broken")
def broken():
    raise ValueError("as planned")
`;

test("nothing asked says so; what is asked is counted, told by the chart's keys and by the table, over a day and a week", async () => {
  const { page } = ada;
  await page.goto(`/apps/${slug}`);
  const card = page.getByRole("region", { name: "Traffic" });
  await card.getByText("Nothing was asked in this time").waitFor();
  for (const path of ["/", "/", "/", "/missing", "/broken"]) await world.platform.callApp(slug, path);
  await page.reload();
  const figure = (name: string) => card.locator("dl > div").filter({ has: page.getByText(name, { exact: true }) });
  await figure("Requests").getByText("5", { exact: true }).waitFor();
  await figure("Requests").getByText("1 with 4xx").waitFor();
  await figure("Errors").getByText("20 % of all").waitFor();
  expect(await figure("Cold starts").locator("dd").first().textContent()).toMatch(/^[01]$/);

  // By keyboard: the last hour is the one under way.
  const chart = card.getByRole("figure", { name: "Requests by the hour" });
  await chart.getByText("v1").waitFor();
  await chart.getByRole("application").focus();
  await page.keyboard.press("End");
  for (let press = 0; press < 24; press += 1) await page.keyboard.press("ArrowRight");
  const told = chart.getByRole("status");
  await told.getByText("Version 1 was deployed").waitFor();
  expect(await told.textContent()).toMatch(/Requests5.*4xx1.*Errors1/);
  await card.getByText("Values by the hour").first().click();
  const row = card.getByRole("table").getByRole("row").nth(1);
  expect((await row.getByRole("cell").allTextContents()).slice(1, 4)).toEqual(["5", "1", "1"]);

  await card.getByRole("link", { name: "7 days" }).click();
  await card.locator("a[aria-current]").getByText("7 days").waitFor();
  await figure("Requests").getByText("5", { exact: true }).waitFor();
  await page.getByLabel("Status").selectOption("5xx");
  await page.waitForURL("**window=7d&*status=5xx");
  expect(await card.locator("a[aria-current]").textContent()).toBe("7 days");
  await look(ada, "dashboard-figures", {
    arrange: async () => {
      await card.getByRole("figure", { name: "Latency by the hour" }).locator(".recharts-line-dot").first().waitFor();
    },
  });
  expectCalm(ada);
}, 90_000);

test("a request is marked with who answered it, and is sent again from the editor's test panel", async () => {
  const { page } = ada;
  await world.platform.callApp(slug, "/missing?limit=5&tag=a", { headers: { "hx-request": "true", "hx-target": "list" } });
  await page.goto(`/apps/${slug}?status=4xx`);
  await page
    .getByRole("link", { name: /GET \/missing/ })
    .first()
    .click();
  await page.getByText("HX-Target").waitFor();
  await page.getByRole("link", { name: "Send again" }).click();
  await page.waitForURL("**/edit?**");
  const path = page.getByRole("combobox", { name: "Path" });
  await path.waitFor();
  expect(await path.inputValue()).toBe("/missing?limit=&tag=");
  await page.getByRole("form", { name: "Test request" }).getByRole("button", { name: "Send" }).click();
  await page.getByText("404").first().waitFor();
  expectCalm(ada);
}, 60_000);

test("the list of apps shows each one's day in small", async () => {
  const { page } = ada;
  await world.platform.api(ada.token, "POST", "/api/apps", { name: "Quiet", template: "hello-api" });
  const { requests } = await world.platform.api<{ requests: number }>(ada.token, "GET", `/api/apps/${slug}/metrics`);
  await page.goto("/apps");
  await page.getByRole("img", { name: `${requests} requests in 24 hours, 1 error` }).waitFor();
  await page.getByText(new RegExp(`^24 h: ${requests} requests · 1 error · p95 `)).waitFor();
  expect(await page.getByRole("img", { name: /requests? in 24 hours/ }).count()).toBe(1);
  await look(ada, "apps-figures");
  expectCalm(ada);
}, 60_000);
