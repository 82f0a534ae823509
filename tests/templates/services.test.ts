/** Templates that are called rather than looked at, deployed on a real platform: APIs, streams, sockets. */
import { execFile } from "node:child_process";
import { createHmac } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import WebSocket from "ws";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parseTemplate } from "#core/contract/template.ts";
import { waitFor } from "../wait.ts";
import { startTemplateWorld, type TemplateWorld } from "./world.ts";

let world: TemplateWorld;
beforeAll(async () => {
  world = await startTemplateWorld();
}, 120_000);
afterAll(() => world?.platform.stop());

describe("crud-api", () => {
  const call = (method: string, path: string, body?: unknown) => world.json("crud-api", method, path, body);
  interface Item {
    id: string;
    name: string;
  }
  interface Page {
    items: Item[];
    next: string | null;
  }

  test("its own tests pass where its files are", async () => {
    const { files } = parseTemplate(await readFile(join(import.meta.dirname, "../../templates/crud-api.yaml"), "utf8"));
    const folder = await mkdtemp(join(tmpdir(), "fp-template-"));
    try {
      for (const [path, content] of Object.entries(files)) await writeFile(join(folder, path), content as string);
      const { stdout } = await promisify(execFile)(process.env["FP_PYTHON"]!, ["-m", "pytest", "-q", "-p", "no:cacheprovider"], {
        cwd: folder,
      });
      expect(stdout).toMatch(/\d+ passed/);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });

  test("an item is made, read, changed and deleted; what is not right is refused in words", async () => {
    const made = await call("POST", "/items", { name: " Lamp ", price: 12.5, tags: ["light"] });
    expect([made.status, made.json()]).toEqual([201, { id: expect.any(String), name: "Lamp", price: 12.5, tags: ["light"] }]);
    const at = made.headers["location"]!;
    expect((await call("GET", at)).json()).toEqual(made.json());
    expect((await call("POST", "/items", { name: "Lamp", price: 1 })).json()).toEqual({ detail: "There is an item called Lamp already." });
    expect((await call("PATCH", at, { price: 10 })).json()).toMatchObject({ name: "Lamp", price: 10 });
    expect((await call("PATCH", at, { name: null })).status).toBe(422);
    expect((await call("PATCH", at, {})).json()).toMatchObject({ name: "Lamp", price: 10 });
    const other = (await call("POST", "/items", { name: "Chair", price: 1 })).json() as Item;
    expect((await call("PATCH", `/items/${other.id}`, { name: "Lamp" })).status).toBe(409);
    expect([(await call("DELETE", at)).status, (await call("GET", at)).status, (await call("GET", "/items/nonsense")).status]).toEqual([
      204, 404, 404,
    ]);
  });

  test("pages follow one another by their cursor", async () => {
    for (const name of ["a", "b", "c", "d"]) await call("POST", "/items", { name, price: 1 });
    const first = (await call("GET", "/items?limit=3")).json() as Page;
    const second = (await call("GET", `/items?limit=3&after=${first.next}`)).json() as Page;
    expect([...first.items, ...second.items].map(({ name }) => name)).toEqual(["d", "c", "b", "a", "Chair"]);
    expect(second.next).toBeNull();
  });

  test("without a database it says so", async () => {
    const answer = await world.platform.callApp(await world.deploy("crud-api", true), "/items");
    expect([answer.status, answer.json()]).toEqual([503, { detail: "Bind a database to this app in its settings." }]);
  });
});

describe("jwt-sign-in", () => {
  const template = "jwt-sign-in";
  const account = { username: "ada", password: "correct horse" };
  const signIn = (password: string, username = "ada") => world.post(template, "/token", { username, password });
  const me = (token: string) => world.get(template, "/me", { authorization: `Bearer ${token}` });

  test("who signed up signs in, and reads what is theirs", async () => {
    expect((await world.json(template, "POST", "/accounts", account)).status).toBe(201);
    expect((await world.json(template, "POST", "/accounts", account)).status).toBe(409);
    expect((await world.json(template, "POST", "/accounts", { username: "Ada!", password: "short" })).status).toBe(422);
    const { access_token: token, token_type: type } = (await signIn(account.password)).json() as Record<string, string>;
    expect(type).toBe("bearer");
    expect((await me(token!)).json()).toEqual({ username: "ada" });
  });

  test("a wrong password and an unknown name are told apart by nobody; a token that was changed or unsigned is refused", async () => {
    const [wrong, unknown] = [await signIn("wrong"), await signIn("wrong", "nobody")];
    expect([wrong.status, wrong.text]).toEqual([401, unknown.text]);
    const token = ((await signIn(account.password)).json() as Record<string, string>)["access_token"]!;
    const [head, payload, signature] = token.split(".");
    const claims = JSON.parse(Buffer.from(payload!, "base64url").toString()) as object;
    const forged = Buffer.from(JSON.stringify({ ...claims, sub: "root" })).toString("base64url");
    const unsigned = Buffer.from(JSON.stringify({ alg: "none", typ: "JWT" })).toString("base64url");
    for (const each of [`${head}.${forged}.${signature}`, `${unsigned}.${payload}.`, "nonsense", ""])
      expect((await me(each)).status, each).toBe(401);
  });

  test("tokens outlive a new deployment, and not their account", async () => {
    const token = ((await signIn(account.password)).json() as Record<string, string>)["access_token"]!;
    await world.redeploy(template);
    expect((await me(token)).status).toBe(200);
    expect((await world.json(template, "DELETE", "/me", undefined, { authorization: `Bearer ${token}` })).status).toBe(204);
    expect((await me(token)).status).toBe(401);
    expect((await signIn(account.password)).status).toBe(401);
  });
});

describe("webhook-receiver", () => {
  const template = "webhook-receiver";
  const body = JSON.stringify({ "odd.key": { $set: 1 }, text: "ü" });
  const sendHook = async (headers: Record<string, string> = {}, sent = body) =>
    world.platform.callApp(await world.slugOf(template), "/hooks/github", {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body: sent,
    });

  test("a delivery is kept once, whatever its fields are called, and listed", async () => {
    const first = await sendHook({ "x-github-delivery": "d1", "x-github-event": "push" });
    expect([first.status, first.json()]).toEqual([202, { delivery: "d1", new: true }]);
    expect((await sendHook({ "x-github-delivery": "d1" })).json()).toEqual({ delivery: "d1", new: false });
    expect((await sendHook({}, "no json")).status).toBe(400);
    expect((await sendHook({}, JSON.stringify("x".repeat(1_000_001)))).status).toBe(413);
    const listed = (await world.get(template, "/hooks?source=github")).json() as object[];
    expect(listed).toEqual([{ source: "github", event: "push", at: expect.any(String), payload: JSON.parse(body) }]);
  });

  test("with a secret only who has it sends and reads", async () => {
    await world.setEnv(template, { WEBHOOK_SECRET: "s3cret" });
    const signature = `sha256=${createHmac("sha256", "s3cret").update(body).digest("hex")}`;
    expect((await sendHook()).status).toBe(401);
    expect((await sendHook({ "x-hub-signature-256": `${signature.slice(0, -1)}x` })).status).toBe(401);
    expect((await sendHook({ "x-hub-signature-256": signature })).status).toBe(202);
    expect((await world.get(template, "/hooks")).status).toBe(401);
    expect((await world.get(template, "/hooks", { authorization: "Bearer s3cret" })).status).toBe(200);
  });
});

describe("file-upload", () => {
  const template = "file-upload";
  const upload = async (name: string, content: Buffer) => {
    const boundary = "----fp-test";
    const head = `--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="${name}"\r\nContent-Type: text/html\r\n\r\n`;
    return world.platform.callApp(await world.slugOf(template), "/files", {
      method: "POST",
      headers: { "content-type": `multipart/form-data; boundary=${boundary}` },
      body: Buffer.concat([Buffer.from(head), content, Buffer.from(`\r\n--${boundary}--\r\n`)]),
    });
  };

  test("the page is whole; a file comes back byte for byte, and never as a page", async () => {
    const empty = await world.get(template, "/");
    expect(empty.text).toContain("Nothing here yet.");
    await world.expectWholePage(template, empty);
    const content = Buffer.from(Array.from({ length: 600_000 }, (_, index) => index % 256));
    expect((await upload("<b>ü.html", content)).status).toBe(303);
    const page = await world.get(template, "/");
    expect(page.text).toContain("&lt;b&gt;ü.html");
    const [, at] = /href="(\/files\/[0-9a-f]{24})"/.exec(page.text)!;
    const file = await world.get(template, at!);
    expect(file.body.equals(content)).toBe(true);
    expect([file.headers["content-type"], file.headers["content-disposition"]]).toEqual([
      "application/octet-stream",
      "attachment; filename*=UTF-8''%3Cb%3E%C3%BC.html",
    ]);
    expect((await world.post(template, `${at}/delete`)).status).toBe(303);
    expect([(await world.get(template, at!)).status, (await world.get(template, "/files/nonsense")).status]).toEqual([404, 404]);
  });

  test("what is too large, or nothing, is refused on the page", async () => {
    for (const size of [10_500_000, 12_000_000]) {
      const answer = await upload("large.bin", Buffer.alloc(size));
      expect([answer.status, answer.text]).toEqual([413, expect.stringContaining(`role="alert">A file may have at most 10 MB.`)]);
    }
    expect((await world.post(template, "/files")).status).toBe(422);
    expect((await world.get(template, "/")).text).toContain("Nothing here yet.");
  });
});

describe("server-sent-events", () => {
  const template = "server-sent-events";
  /** What came of the stream until it matched `until`. */
  const listen = async (lastEventId: string | null, until: RegExp): Promise<string> => {
    const slug = await world.slugOf(template);
    return new Promise((resolve, reject) => {
      const asked = request(
        {
          host: "127.0.0.1",
          port: world.platform.port,
          path: "/events",
          headers: { host: `${slug}.localhost`, ...(lastEventId === null ? {} : { "last-event-id": lastEventId }) },
        },
        (answer) => {
          let text = "";
          answer.setEncoding("utf8");
          answer.on("data", (part: string) => {
            text += part;
            if (!until.test(text)) return;
            resolve(text);
            asked.destroy();
          });
          answer.on("error", () => {});
        },
      );
      asked.on("error", reject).end();
    });
  };

  test("the page is whole, and what is posted reaches who listens and who comes back", async () => {
    await world.expectWholePage(template, await world.get(template, "/"));
    const listening = listen(null, /"text": "two"/);
    await waitFor("somebody listens", async () => (await world.post(template, "/messages", { text: "one" })).status === 204);
    await world.post(template, "/messages", { text: "two" });
    const heard = await listening;
    expect(heard).toMatch(/^retry: 1000\n\n/);
    const ids = [...heard.matchAll(/^id: (\d+)$/gm)].map(([, id]) => id!);
    expect(await listen(ids.at(-2)!, /"text"/)).toMatch(/data: \{"text": "two"/);
    expect((await world.post(template, "/messages", { text: "" })).status).toBe(422);
  });
});

describe("websocket-chat", () => {
  const template = "websocket-chat";
  const enter = async (room: string, name: string): Promise<{ socket: WebSocket; heard: { from: string | null; text: string }[] }> => {
    const slug = await world.slugOf(template);
    const heard: { from: string | null; text: string }[] = [];
    const socket = new WebSocket(`ws://127.0.0.1:${world.platform.port}/rooms/${room}?name=${name}`, {
      headers: { host: `${slug}.localhost` },
    });
    socket.on("message", (data: Buffer) => heard.push(JSON.parse(data.toString()) as (typeof heard)[number]));
    await new Promise((resolve, reject) => socket.once("open", resolve).once("error", reject));
    // One is in the room only when its last messages were read, which the first does for longest.
    await waitFor(`${name} is in ${room}`, () => heard.some(({ text }) => text.startsWith(`${name} joined.`)));
    return { socket, heard };
  };

  test("who is in a room hears the others there, and who comes later what was said", async () => {
    await world.expectWholePage(template, await world.get(template, "/"));
    const ada = await enter("lobby", "ada");
    const elsewhere = await enter("other", "mary");
    const bob = await enter("lobby", "bob");
    await waitFor("ada hears that bob came", () => ada.heard.some(({ text }) => text === "bob joined. 2 here."));
    bob.socket.send("<b>hello</b>");
    await waitFor("ada hears bob", () => ada.heard.some(({ from, text }) => from === "bob" && text === "<b>hello</b>"));
    bob.socket.send("x".repeat(1_001));
    await waitFor("bob is told", () => bob.heard.some(({ text }) => text === "At most 1000 characters."));
    bob.socket.close();
    await waitFor("ada hears that bob left", () => ada.heard.some(({ text }) => text === "bob left. 1 here."));
    const late = await enter("lobby", "eve");
    await waitFor("eve hears what was said", () => late.heard.some(({ from }) => from === "bob"));
    expect(elsewhere.heard.filter(({ from }) => from !== null)).toEqual([]);
    for (const { socket } of [ada, elsewhere, late]) socket.close();
    await expect(enter("lobby", "")).rejects.toThrow("403");
  });
});
