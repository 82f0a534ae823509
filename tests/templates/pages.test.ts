/** What a new user starts from, deployed on a real platform and used as a browser would. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Answer } from "../http.ts";
import { startTemplateWorld, type TemplateWorld } from "./world.ts";

let world: TemplateWorld;
beforeAll(async () => {
  world = await startTemplateWorld();
}, 120_000);
afterAll(() => world?.platform.stop());

const get: TemplateWorld["get"] = (...asked) => world.get(...asked);
const post: TemplateWorld["post"] = (...sent) => world.post(...sent);

describe("hello-api", () => {
  test("greets, by name too, and says what is wrong with a name", async () => {
    expect((await get("hello-api", "/")).json()).toEqual({ message: "Hello, world!" });
    expect((await get("hello-api", "/?name=Zo%C3%AB")).json()).toEqual({ message: "Hello, Zoë!" });
    expect((await get("hello-api", "/?name=")).status).toBe(422);
  });

  test("adds numbers, refuses what is none, and documents itself", async () => {
    const add = (values: unknown) => world.json("hello-api", "POST", "/sum", { values });
    expect((await add([1, 2, 3.5])).json()).toEqual({ total: 6.5, count: 3 });
    for (const wrong of [[], "12", ["x"], Array(1001).fill(1)]) expect((await add(wrong)).status).toBe(422);
    const document = (await get("hello-api", "/openapi.json")).json() as { paths: object };
    expect(Object.keys(document.paths)).toEqual(["/", "/sum"]);
    expect((await get("hello-api", "/docs")).status).toBe(200);
  });
});

describe("notes", () => {
  const noteIds = (page: Answer) => [...page.text.matchAll(/action="\/notes\/([0-9a-f]{24})\/delete"/g)].map(([, id]) => id!);

  test("the empty page is whole and loads nothing from elsewhere", async () => {
    const page = await get("notes", "/");
    expect(page.status).toBe(200);
    expect(page.text).toContain("Nothing here yet.");
    await world.expectWholePage("notes", page);
  });

  test("notes are written, listed with the newest first, and shown as text whatever is in them", async () => {
    const hostile = `<script>alert("1")</script>`;
    for (const form of [
      { title: "First", body: "one\ntwo" },
      { title: hostile, body: `"><img src=x onerror=alert(1)>` },
    ]) {
      const answer = await post("notes", "/notes", form);
      expect([answer.status, answer.headers["location"]]).toEqual([303, "/"]);
    }
    const page = await get("notes", "/");
    expect([...page.text.matchAll(/<h2>(.*)<\/h2>/g)].map(([, title]) => title)).toEqual([
      "&lt;script&gt;alert(&#34;1&#34;)&lt;/script&gt;",
      "First",
    ]);
    expect(page.text).toContain("one\ntwo");
    expect(page.text).not.toMatch(/<script|<img/);
    await world.expectWholePage("notes", page);
  });

  test("a note without a title is refused, and what was typed is kept, as text", async () => {
    const answer = await post("notes", "/notes", { title: "  ", body: `kept </textarea><b>` });
    expect(answer.status).toBe(422);
    expect(answer.text).toContain(`role="alert">A note needs a title.`);
    expect(answer.text).toContain("kept &lt;/textarea&gt;&lt;b&gt;</textarea>");
    expect((await post("notes", "/notes", { title: "x".repeat(121) })).status).toBe(422);
  });

  test("a note is deleted, and one that is not there is no error", async () => {
    const [newest, first] = noteIds(await get("notes", "/"));
    expect((await post("notes", `/notes/${newest}/delete`)).status).toBe(303);
    expect(noteIds(await get("notes", "/"))).toEqual([first]);
    for (const id of [newest, "nonsense"]) expect((await post("notes", `/notes/${id}/delete`)).status).toBe(303);
    expect(noteIds(await get("notes", "/"))).toEqual([first]);
  });

  test("without a database it says so and keeps what was typed", async () => {
    const slug = await world.deploy("notes", true);
    const page = await world.platform.callApp(slug, "/");
    expect([page.status, page.text]).toEqual([200, expect.stringContaining("No database is bound to this app yet")]);
    const headers = { "content-type": "application/x-www-form-urlencoded" };
    const refused = await world.platform.callApp(slug, "/notes", { method: "POST", headers, body: "title=kept+title" });
    expect([refused.status, refused.text]).toEqual([503, expect.stringContaining(`value="kept title"`)]);
  });
});

describe("todo-fasthtml", () => {
  /** The headers that htmx sends with each request. */
  const htmx = (target: string) => ({
    "hx-request": "true",
    "hx-target": target,
    "hx-current-url": "http://todo-fasthtml.localhost/",
  });
  const ids = (text: string) => [...text.matchAll(/<li[^>]* id="todo-([0-9a-f]{24})"/g)].map(([, id]) => id!);

  test("the page is whole, brings HTMX along and loads nothing from elsewhere", async () => {
    const page = await get("todo-fasthtml", "/");
    expect(page.status).toBe(200);
    expect(page.text).toContain(`<script src="/static/htmx.min.js"></script>`);
    const form = /<form[^>]*>/.exec(page.text)![0];
    for (const attribute of [`hx-post="/todos"`, `hx-target="#list"`, `hx-swap="beforeend"`]) expect(form).toContain(attribute);
    await world.expectWholePage("todo-fasthtml", page);
    expect((await get("todo-fasthtml", "/static/htmx.min.js")).text).toContain("htmx 2.");
  });

  test("a to-do is added as a fragment with a fresh input, and its title is text whatever is in it", async () => {
    const answer = await post("todo-fasthtml", "/todos", { title: "<b>milk</b>" }, htmx("list"));
    expect(answer.status).toBe(200);
    expect(answer.text).not.toMatch(/<html|<b>/);
    expect(answer.text).toContain("&lt;b&gt;milk&lt;/b&gt;");
    expect(answer.text).toMatch(/<input[^>]*hx-swap-oob="true"/);
    expect(ids(answer.text)).toHaveLength(1);
    expect(ids((await get("todo-fasthtml", "/")).text)).toEqual(ids(answer.text));
  });

  test("a title of spaces adds nothing", async () => {
    const before = ids((await get("todo-fasthtml", "/")).text);
    expect((await post("todo-fasthtml", "/todos", { title: "   " }, htmx("list"))).text.trim()).toBe("");
    expect(ids((await get("todo-fasthtml", "/")).text)).toEqual(before);
  });

  test("a to-do is ticked, unticked and deleted, each answer being what replaces it", async () => {
    const [id] = ids((await post("todo-fasthtml", "/todos", { title: "bread" }, htmx("list"))).text);
    const toggle = () => post("todo-fasthtml", `/todos/${id}/toggle`, {}, htmx(`todo-${id}`));
    const done = await toggle();
    expect(ids(done.text)).toEqual([id]);
    expect(done.text).toMatch(/<li[^>]*class="done"/);
    expect(done.text).toMatch(/<input[^>]* checked/);
    expect((await get("todo-fasthtml", "/")).text).toMatch(/<li[^>]*class="done"/);
    expect((await toggle()).text).not.toMatch(/ checked|class="done"/);
    const deleted = await world.platform.callApp(await world.slugOf("todo-fasthtml"), `/todos/${id}`, {
      method: "DELETE",
      headers: htmx(`todo-${id}`),
    });
    expect([deleted.status, deleted.text.trim()]).toEqual([200, ""]);
    expect(ids((await get("todo-fasthtml", "/")).text)).not.toContain(id);
    expect([(await toggle()).status, (await post("todo-fasthtml", "/todos/nonsense/toggle", {}, htmx("x"))).status]).toEqual([200, 200]);
  });

  test("without a database it says so", async () => {
    const page = await world.platform.callApp(await world.deploy("todo-fasthtml", true), "/");
    expect([page.status, page.text]).toEqual([200, expect.stringContaining("No database is bound to this app yet")]);
  });
});
