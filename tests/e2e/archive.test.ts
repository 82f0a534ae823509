/** Apps as ZIPs: out of the editor's menu, in by the import page, and dropped on the file list. */
import { readFile } from "node:fs/promises";
import type { Locator, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { waitFor } from "../wait.ts";
import { buildZip, packedZeros } from "../zips.ts";
import { look, prepareScreens } from "./look.ts";
import { append, expectCalm, focusCode, startWorld, type Visit, type World } from "./world.ts";

const png = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
const code = "from fastapi import FastAPI\n\napp = FastAPI()\n";
const files = { "app.py": code, "lib/__init__.py": "", "static/dot.png": { base64: png } };

let world: World;
let ada: Visit & { token: string };
beforeAll(async () => {
  await prepareScreens();
  world = await startWorld();
  ada = await world.visitAs("ada@example.com");
  const { api } = world.platform;
  await api(ada.token, "POST", "/api/apps", { name: "Packed", files, database: null });
  const vars = [
    { name: "GREETING", value: "hi", secret: false },
    { name: "API_KEY", value: "hidden-value", secret: true },
  ];
  await api(ada.token, "PUT", "/api/apps/packed/env", { vars });
}, 60_000);
afterAll(() => world?.stop());

interface AppFiles {
  slug: string;
  files: Record<string, unknown>;
}
const read = (slug: string) => world.platform.api<AppFiles>(ada.token, "GET", `/api/apps/${slug}`);

test("an exported app is imported as it was; its secret is named, empty and waits for a value", async () => {
  const { page } = ada;
  await page.goto("/apps/packed/edit");
  await append(page, "# not saved\n");
  await page.getByRole("button", { name: "More" }).click();
  const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("menuitem", { name: "Export as ZIP" }).click()]);
  expect(download.suggestedFilename()).toBe("packed.zip");
  await page.getByText("Your unsaved changes are not in the ZIP.").waitFor();
  const path = await download.path();
  expect((await readFile(path)).includes("hidden-value")).toBe(false);
  await page.keyboard.press("Control+s");
  await waitFor("the draft is saved", async () => String((await read("packed")).files["app.py"]).includes("# not saved"));

  await page.goto("/apps");
  await page.getByRole("link", { name: "Import" }).click();
  await page.getByLabel("Choose a ZIP").setInputFiles({ name: "packed.zip", mimeType: "application/zip", buffer: await readFile(path) });
  await look(ada, "import");
  await page.getByRole("button", { name: "Import", exact: true }).click();
  await page.getByRole("heading", { name: "Packed was imported" }).waitFor();
  await page.getByText("API_KEY").waitFor();
  await look(ada, "imported");
  await page.getByRole("link", { name: "Open in the editor" }).click();
  await page.waitForURL(/\/apps\/packed-[^/]+\/edit$/);
  const slug = /apps\/([^/]+)\/edit/.exec(page.url())![1]!;
  expect((await read(slug)).files).toEqual(files);
  await page.getByRole("button", { name: "More" }).click();
  await page.getByRole("menuitem", { name: "Settings" }).click();
  const value = page.getByLabel("Value of API_KEY");
  await value.waitFor();
  expect([await value.inputValue(), await value.getAttribute("placeholder")]).toEqual(["", "not set yet"]);
  expect(await page.getByLabel("Value of GREETING").inputValue()).toBe("hi");
  await page.keyboard.press("Escape");
  expectCalm(ada);
}, 120_000);

test("a project's ZIP opens in the editor, without JavaScript too; a hostile one tells what is wrong with each file", async () => {
  const plain = await world.visit({ javaScriptEnabled: false, storageState: await ada.context.storageState() });
  const choose = async (page: Page, name: string, zip: Uint8Array) => {
    await page.goto("/apps/import");
    await page.getByLabel("Choose a ZIP").setInputFiles({ name, mimeType: "application/zip", buffer: Buffer.from(zip) });
    await page.getByRole("button", { name: "Import", exact: true }).click();
  };
  await choose(plain.page, "shop-main.zip", buildZip([{ name: "shop-main/main.py", content: code }]));
  await plain.page.waitForURL("**/apps/shop-main/edit");
  expect((await read("shop-main")).files).toEqual({ "main.py": code });
  await plain.context.close();

  const { page } = ada;
  await page.goto("/apps/import");
  const evil = buildZip([{ name: "app.py" }, { name: "../../etc/passwd" }, { name: "link.py", mode: 0o120777 }]);
  await waitFor("the page takes what is dropped", async () => {
    await drop(page.getByText("Choose a ZIP"), "evil.zip", evil);
    return page.getByLabel("Choose a ZIP").evaluate((field: HTMLInputElement) => field.files?.length === 1);
  });
  await page.getByRole("button", { name: "Import", exact: true }).click();
  const alert = page.getByRole("alert");
  await alert.getByText('"../../etc/passwd" contains .., which leads out of the app\'s folder.').waitFor();
  await alert.getByText('"link.py" is a symbolic link.').waitFor();
  await look(ada, "import-refused", { allowed: [/422/] });
  await choose(
    page,
    "bomb.zip",
    buildZip([{ name: "app.py" }, { name: "a.txt", packed: packedZeros(1_000_000_000), claimedBytes: 90_000 }]),
  );
  await alert.getByText("its content is not what the ZIP says of it").waitFor();
  ada.troubles.length = 0;
}, 120_000);

test("a ZIP dropped on the files is unpacked into the draft, taken back by one click, or refused with its reason", async () => {
  const { page } = ada;
  await page.goto("/apps/packed/edit");
  await focusCode(page);
  const list = page.getByRole("navigation", { name: "Files" });
  const zip = buildZip([
    { name: "new/app.py", content: "# from the ZIP\n" },
    { name: "new/static/dot.png", content: Buffer.from(png, "base64") },
    { name: "new/notes.md", content: "hello" },
    { name: "new/.git/HEAD", content: "x" },
  ]);
  await drop(list, "new.zip", zip);
  await page.getByText("Added notes.md, replaced 2 files").waitFor();
  await page.getByText("Left out: new/.git/.").waitFor();
  await list.getByRole("button", { name: /^notes\.md/ }).waitFor();
  await page.getByRole("button", { name: "Undo" }).click();
  await list.getByRole("button", { name: /^notes\.md/ }).waitFor({ state: "hidden" });
  await list.getByRole("button", { name: "app.py", exact: true }).click();
  await page.getByTestId("code").getByText("FastAPI()").waitFor();

  await drop(list, "evil.zip", buildZip([{ name: "ok.py" }, { name: "/etc/passwd" }]));
  await page.getByText('evil.zip: "/etc/passwd" begins with /').first().waitFor();
  expect(await list.getByRole("button", { name: /^ok\.py/ }).count()).toBe(0);
  expectCalm(ada);
}, 120_000);

/** As a file manager does. */
async function drop(target: Locator, name: string, bytes: Uint8Array): Promise<void> {
  const data = await target.page().evaluateHandle(
    ([called, base64]) => {
      const transfer = new DataTransfer();
      transfer.items.add(new File([Uint8Array.from(atob(base64!), (each) => each.charCodeAt(0))], called!, { type: "application/zip" }));
      return transfer;
    },
    [name, Buffer.from(bytes).toString("base64")],
  );
  await target.dispatchEvent("drop", { dataTransfer: data });
}
