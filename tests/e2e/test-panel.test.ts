/** The test panel, beyond what the main job shows: all kinds of requests. */
import { expect, test } from "vitest";
import { ada, ask, copied, fault, form, lookAt, page, path, seen, sendNow, shown, tab, url, usePanel } from "./panel.ts";
import { expectCalm, focusCode } from "./world.ts";

usePanel();

test("query and headers are rows: in step with the path, switched off, pasted, and refused with the reason", async () => {
  await path().fill("/echo?q=a%20b");
  await page.keyboard.press("Escape");
  expect(await page.getByLabel("Parameter 1 value").inputValue()).toBe("a b");
  await page.getByLabel("Parameter 1 value").fill("x & y");
  await page.getByLabel("Parameter 2 name").fill("page");
  await page.getByLabel("Parameter 2 value").fill("2");
  expect(await path().inputValue()).toBe("/echo?q=x%20%26%20y&page=2");
  await page.getByLabel("Remove parameter 1").click();
  expect(await path().inputValue()).toBe("/echo?page=2");

  await tab("Headers");
  await page.getByLabel("Header 1 name").fill("X-Mine");
  await page.getByLabel("Header 1 value").fill("yes");
  await page.evaluate(() => navigator.clipboard.writeText("Accept-Language: de\nX-Off: 1"));
  await page.getByLabel("Header 2 name").focus();
  await page.keyboard.press("Control+v");
  await page.getByLabel("Send header 3").uncheck();
  const { query, headers } = await seen();
  expect(query).toBe("page=2");
  expect(headers).toMatchObject({ "x-mine": "yes", "accept-language": "de" });
  expect(headers).not.toHaveProperty("x-off");

  await page.getByLabel("Header 4 name").fill("Content-Length");
  await form().getByText("Content-Length follows from the body.").waitFor();
  await tab("Query");
  await sendNow();
  // The tab with the fault in it is shown.
  expect(await fault().textContent()).toContain("Content-Length follows from the body.");
  await page.getByLabel("Header 4 name").waitFor();
  expectCalm(ada);
}, 60_000);

test("a mistake in JSON is told with its place before anything is sent", async () => {
  await ask("POST", "/echo");
  const body = page.getByRole("textbox", { name: "Request body" });
  await body.fill('{\n  "name": "Ada",\n}');
  await sendNow();
  expect(await fault().textContent()).toContain("line 3, column 1");
  const selected = await body.evaluate((area: HTMLTextAreaElement) => [document.activeElement === area, area.selectionStart]);
  expect(selected).toEqual([true, 19]);
  await body.fill('{"name": "Ada"}');
  expect(await seen()).toMatchObject({ body: '{"name": "Ada"}', headers: { "content-type": "application/json" } });
  await page.getByLabel("Kind of body").selectOption("Text");
  await body.fill("{not json");
  expect(await seen()).toMatchObject({ body: "{not json", headers: { "content-type": "text/plain; charset=utf-8" } });
  expectCalm(ada);
}, 60_000);

test("forms and files arrive as the app's framework reads them, filled in from its OpenAPI document", async () => {
  await path().fill("/form");
  await page.getByRole("option", { name: /POST.*\/form/ }).click();
  await page.getByLabel("Field 1 value").fill("a & ü");
  expect(await seen()).toMatchObject({ form: { name: "a & ü" }, headers: { "content-type": "application/x-www-form-urlencoded" } });
  expect(await copied("curl")).toContain("--data-urlencode 'name=a & ü'");

  await path().fill("/upload");
  await page.getByRole("option", { name: /POST.*\/upload/ }).click();
  expect(await page.getByLabel("Kind of field 2").inputValue()).toBe("file");
  await page.getByLabel("Field 1 value").fill("holiday");
  await sendNow();
  expect(await fault().textContent()).toContain("Choose a file for picture");
  await page
    .getByLabel("Field 2 file")
    .setInputFiles({ name: "p.png", mimeType: "image/png", buffer: Buffer.from([0x89, 0x50, 0xff, 0, 13, 10]) });
  await form().getByText("p.png, 6 B").waitFor();
  const upload = await seen();
  expect(upload.form).toEqual({ title: "holiday", picture: "p.png image/png 8950ff000d0a" });
  expect(await copied("curl")).toContain(`--form 'picture=@"p.png";type=image/png'`);
  expect(await copied("Python (httpx)")).toContain('("picture", ("p.png", open("p.png", "rb"), "image/png"))');

  // The history knows the file until the page is loaded anew, and its name afterwards.
  await page.reload();
  await focusCode(page);
  await page
    .getByRole("region", { name: "Requests sent" })
    .getByRole("button", { name: /upload/ })
    .click();
  expect(await fault().textContent()).toContain("Choose p.png again");
  expectCalm(ada);
}, 60_000);

test("credentials are sent, stay in this session, and are not in what is kept or copied", async () => {
  await path().fill("/private");
  await page.getByRole("option", { name: /GET.*\/private/ }).click();
  await tab("Auth");
  expect(await page.getByLabel("Authorization").inputValue()).toBe("bearer");
  await sendNow();
  expect(await fault().textContent()).toContain("Give a token");
  await page.getByLabel("Token", { exact: true }).fill("s3cret-value");
  expect((await seen()).headers["authorization"]).toBe("Bearer s3cret-value");
  expect(await copied("curl")).toBe(`curl '${url}/private' \\\n  --header 'Authorization: Bearer '"$TOKEN"`);
  // The app shows them in its answer, which is its own affair.
  const stored = await page.evaluate(() => ({
    history: sessionStorage.getItem("fp:test:mirror")!,
    local: JSON.stringify(localStorage),
  }));
  const requests = (JSON.parse(stored.history) as { request: { path: string } }[]).map(({ request }) => request);
  expect(requests[0]!.path).toBe("/private");
  expect(JSON.stringify(requests) + stored.local).not.toContain("s3cret");

  await page.reload();
  await focusCode(page);
  await page
    .getByRole("region", { name: "Requests sent" })
    .getByRole("button", { name: /private/ })
    .click();
  await shown().getByText('"Bearer s3cret-value"').waitFor();
  await tab("Auth");
  await page.getByLabel("Authorization").selectOption("Basic");
  await page.getByLabel("User", { exact: true }).fill("ada");
  await page.getByLabel("Password", { exact: true }).fill("pä");
  expect((await seen()).headers["authorization"]).toBe(`Basic ${Buffer.from("ada:pä").toString("base64")}`);
  await page.getByLabel("Authorization").selectOption("API key");
  await page.getByLabel("Header", { exact: true }).fill("X-My-Key");
  await page.getByLabel("Key", { exact: true }).fill("k");
  expect((await seen()).headers["x-my-key"]).toBe("k");
  expectCalm(ada);
}, 60_000);

test("the request is copied for curl, httpx and fetch, with the app's own address", async () => {
  await ask("POST", "/items");
  await page.getByRole("textbox", { name: "Request body" }).fill('{"name": "it\'s"}');
  expect(await copied("curl")).toBe(
    `curl '${url}/items' \\\n  --header 'Content-Type: application/json' \\\n  --data-raw '{"name": "it'\\''s"}'`,
  );
  expect(await copied("Python (httpx)")).toContain(`content="{\\"name\\": \\"it's\\"}".encode()`);
  expect(await copied("JavaScript (fetch)")).toContain(`method: "POST"`);

  // What cannot be sent cannot be copied either.
  await path().fill("items");
  await page.keyboard.press("Escape");
  expect(await page.getByRole("button", { name: "Copy as" }).isDisabled()).toBe(true);
  expectCalm(ada);
}, 60_000);

test("a header is written and sent by keyboard alone", async () => {
  await ask("POST", "/echo");
  await form().getByRole("tab", { name: "Body" }).focus();
  for (let press = 0; press < 2; press += 1) await page.keyboard.press("ArrowLeft");
  expect(await form().getByRole("tab", { name: "Headers" }).getAttribute("aria-selected")).toBe("true");
  // Past “Copy as”, into the first row.
  for (let press = 0; press < 2; press += 1) await page.keyboard.press("Tab");
  await page.keyboard.type("X-Typed");
  await page.keyboard.press("Tab");
  await page.keyboard.type("by hand");
  await page.keyboard.press("Enter");
  await shown().getByText('"x-typed"').waitFor();
  await shown().getByText('"by hand"').waitFor();
  expectCalm(ada);
}, 60_000);

test("what the keyboard reaches looks as it should: each part of a request", async () => {
  // Of the page, whose answer stands until another one comes.
  const blocked = [/Blocked script|theme-probe|Content Security Policy/];
  // What is refused comes last: what was typed stays from one width to the next.
  await lookAt(
    "panel-page",
    async () => {
      await ask("GET", "/page");
      await sendNow();
      await page.frameLocator("iframe[title='The answer as a page']").getByRole("heading").waitFor();
    },
    blocked,
  );
  await lookAt(
    "panel-multipart",
    async () => {
      await ask("POST", "/upload");
      await tab("Body");
      await page.getByLabel("Kind of body").selectOption("Multipart form");
      await page.getByLabel("Field 1 name").fill("picture");
      await page.getByLabel("Kind of field 1").selectOption("File");
      await page.getByLabel("Field 2 name").fill("title");
      await sendNow();
      await fault().waitFor();
    },
    blocked,
  );
  await lookAt(
    "panel-auth",
    async () => {
      await tab("Auth");
      await page.getByLabel("Authorization").selectOption("Basic");
    },
    blocked,
  );
  await lookAt(
    "panel-headers",
    async () => {
      await tab("Headers");
      await page.getByLabel("Header 1 name").fill("Host");
      await page.getByLabel("Header 1 value").fill("a value that is a good deal longer than the field that it is written in");
      await page.getByLabel("Header 2 name").fill("X-Short");
      await page.getByLabel("Send header 2").uncheck();
    },
    blocked,
  );
}, 120_000);
