/** What the tests of the test panel share: an app that shows requests as they came, and the panel beside it. */
import type { Page } from "playwright-core";
import { afterAll, beforeAll, beforeEach } from "vitest";
import { waitFor } from "../wait.ts";
import { look, prepareScreens } from "./look.ts";
import { focusCode, pickPane, startWorld, type Visit, type World } from "./world.ts";

export let world: World;
export let ada: Visit & { token: string };
export let page: Page;
export let url: string;

/** To be called by a test file: each of its tests begins with a panel that knows nothing. */
export function usePanel(): void {
  beforeAll(async () => {
    await prepareScreens();
    world = await startWorld();
    ada = await world.visitAs("ada@example.com");
    page = ada.page;
    await ada.context.grantPermissions(["clipboard-read", "clipboard-write"]);
    await world.platform.deploy(ada.token, "Mirror", { "app.py": mirror });
    url = (await world.platform.api<{ url: string }>(ada.token, "GET", "/api/apps/mirror")).url.replace(/\/$/, "");
  }, 120_000);
  afterAll(() => world?.stop());

  beforeEach(async () => {
    await page.goto("/apps");
    await page.evaluate(() => sessionStorage.clear());
    await page.goto("/apps/mirror/edit");
    await focusCode(page);
  });
}

export const path = () => page.getByRole("combobox", { name: "Path" });
export const form = () => page.getByRole("form", { name: "Test request" });
export const tab = (name: string) => form().getByRole("tab", { name }).click();
export const shown = () => page.getByRole("region", { name: "Body" });
export const fault = () => form().getByRole("alert");
export const sendNow = () => form().getByRole("button", { name: "Send" }).click();
export async function ask(method: string, to: string) {
  await page.getByLabel("Method").selectOption(method);
  await path().fill(to);
  await page.keyboard.press("Escape");
}
/** What the app saw of the request that the panel sends now. */
export async function seen(): Promise<{
  method: string;
  query: string;
  headers: Record<string, string>;
  body: string;
  form: Record<string, string>;
}> {
  const answered = page.waitForResponse(
    (response) => response.url().endsWith("/edit/send") && response.request().postData()?.includes("openapi") === false,
  );
  await sendNow();
  const { body } = (await (await answered).json()) as { body: string };
  return JSON.parse(body) as Awaited<ReturnType<typeof seen>>;
}
export async function copied(kind: string): Promise<string> {
  await page.evaluate(() => navigator.clipboard.writeText(""));
  await page.getByRole("button", { name: "Copy as" }).click();
  await page.getByRole("menuitem", { name: kind }).click();
  return await waitFor(`the clipboard has it for ${kind}`, () => page.evaluate(async () => (await navigator.clipboard.readText()) || null));
}

/** At another width a part of the page is another one, such as a dialog, so what it shows is made anew. */
export const lookAt = (name: string, make: () => Promise<void>, allowed: readonly RegExp[] = []) =>
  look(ada, name, {
    allowed,
    async arrange(_, narrow) {
      await pickPane(page, narrow, "Try");
      await make();
    },
  });

/** Shows requests as they came, and answers in all kinds. */
const mirror = `import asyncio

from fastapi import Depends, FastAPI, File, Form, Request, UploadFile
from fastapi.responses import HTMLResponse, JSONResponse, Response, StreamingResponse
from fastapi.security import HTTPBearer

app = FastAPI()
state = {"count": 0, "open": 0}


async def show(request: Request, form: dict[str, str] | None = None):
    body = b"" if form else await request.body()
    return {
        "method": request.method,
        "query": request.url.query,
        "headers": dict(request.headers),
        "body": body.decode(),
        "form": form or {},
    }


@app.api_route("/echo", methods=["GET", "POST"])
async def echo(request: Request):
    return await show(request)


@app.post("/form")
async def form(request: Request, name: str = Form()):
    return await show(request, {"name": name})


@app.post("/upload")
async def upload(request: Request, title: str = Form(), picture: UploadFile = File()):
    content = (await picture.read()).hex()
    return await show(request, {"title": title, "picture": f"{picture.filename} {picture.content_type} {content}"})


@app.get("/private", dependencies=[Depends(HTTPBearer(auto_error=False))])
async def private(request: Request):
    return await show(request)


@app.get("/page", response_class=HTMLResponse)
def page():
    return """<!doctype html><title>x</title><style>h1 { color: teal }</style><h1>A page</h1>
    <script>top.ran = true; top.document.title = "stolen"</script><img src="/theme-probe.png" alt="">"""


@app.get("/bytes")
def some_bytes():
    return Response(bytes([255, 254, 0]), media_type="application/zip", headers={"content-disposition": "attachment; filename=all.zip"})


@app.get("/drawing")
def drawing():
    return Response('<svg xmlns="http://www.w3.org/2000/svg" width="7" height="7"><circle r="3" cx="3" cy="3"/></svg>', media_type="image/svg+xml")


@app.get("/events")
def events(last: int = 100_000):
    async def ticks():
        state["open"] += 1
        try:
            for number in range(1, last + 1):
                yield f"data: tick {number}\\n\\n"
                await asyncio.sleep(0.05)
        finally:
            state["open"] -= 1

    return StreamingResponse(ticks(), media_type="text/event-stream")


@app.get("/open")
def open_streams():
    return state["open"]


@app.get("/slow")
def slow():
    async def pieces():
        yield "first"
        await asyncio.sleep(3)
        yield ", and second"

    return StreamingResponse(pieces(), media_type="text/plain")


@app.get("/say")
def say(word: str):
    print(f"said {word}")
    return word


@app.get("/count")
def count():
    state["count"] += 1
    return JSONResponse({"count": state["count"], "same": True}, headers={"x-count": str(state["count"])})
`;
