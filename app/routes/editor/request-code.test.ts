import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";
import { toCode, variableOf } from "./request-code.ts";
import type { PlannedRequest } from "./requests.ts";

const run = promisify(execFile);
const origin = "https://notes.apps.example.com/";
const bare = { headers: {}, authorization: null, body: null };
const plain: PlannedRequest = { ...bare, method: "GET", path: "/items?q=a%20b" };
const nastyText = "@file\n'\"\\ $(id) \u2028 ü 😀 \u0001";
/** Everything that a shell or a language might take for its own. */
const nasty: PlannedRequest = {
  ...bare,
  method: "PUT",
  path: "/a'b$(id)`id`{x}[1]",
  headers: { "X-Odd": `it's "$HOME" \\n`, "X-Empty": "" },
  body: { kind: "text", text: nastyText },
};
const file = { name: `a;"b'.txt`, type: "text/plain", sizeBytes: 1, content: null };
const multipart: PlannedRequest = {
  ...bare,
  method: "POST",
  path: "/",
  body: {
    kind: "multipart",
    parts: [
      { name: "note", text: "@it's;type=x" },
      { name: "up", file },
    ],
  },
};
const form: PlannedRequest = {
  ...bare,
  method: "POST",
  path: "/",
  body: {
    kind: "form",
    fields: [
      ["a=b", "1 & 2"],
      ["c", "@d"],
      ["c", "it's"],
    ],
  },
};
const credentials = (kind: "bearer" | "basic" | "key", name = "Authorization"): PlannedRequest => ({
  ...plain,
  headers: { Accept: "*/*" },
  authorization: { kind, header: [name, "hidden"], user: "o'a" },
});

describe("a request as code", () => {
  it("is as short as it can be", () => {
    expect(toCode("curl", plain, origin)).toBe("curl 'https://notes.apps.example.com/items?q=a%20b'");
    expect(
      toCode(
        "curl",
        { ...bare, method: "POST", path: "/", headers: { "Content-Type": "application/json" }, body: { kind: "text", text: "{}" } },
        origin,
      ),
    ).toBe("curl 'https://notes.apps.example.com/' \\\n  --header 'Content-Type: application/json' \\\n  --data-raw '{}'");
    expect(toCode("curl", { ...bare, method: "HEAD", path: "/" }, origin)).toBe("curl 'https://notes.apps.example.com/' \\\n  --head");
    expect(toCode("python", plain, origin)).toContain('httpx.request(\n    "GET",\n    "https://notes.apps.example.com/items?q=a%20b",\n)');
    expect(toCode("javascript", plain, origin)).toContain('fetch("https://notes.apps.example.com/items?q=a%20b", {\n  method: "GET",\n}');
  });

  it("gives curl what was written, by a real shell", async () => {
    const { stdout } = await run("bash", ["-c", `curl() { printf '%s\\0' "$@"; }\n${toCode("curl", nasty, origin)}`]);
    expect(stdout.split("\0").slice(0, -1)).toEqual([
      `https://notes.apps.example.com${nasty.path}`,
      ...["--request", "PUT", "--globoff", "--header", `X-Odd: ${nasty.headers["X-Odd"]}`, "--header", "X-Empty;"],
      ...["--data-raw", nastyText],
    ]);
  });

  it("gives httpx what was written, by a real Python", async () => {
    const stub = [
      "import json, sys, types",
      "def request(method, url, headers=None, content=None):",
      "    print(json.dumps([method, url, headers, content.decode()]))",
      "    sys.exit(0)",
      "sys.modules['httpx'] = types.SimpleNamespace(request=request)",
    ].join("\n");
    const { stdout } = await run("python3", ["-c", `${stub}\n${toCode("python", nasty, origin)}`]);
    expect(JSON.parse(stdout)).toEqual(["PUT", `https://notes.apps.example.com${nasty.path}`, nasty.headers, nastyText]);
  });

  it("gives fetch what was written", async () => {
    let asked: unknown[] = [];
    const fetch = (...given: unknown[]) => {
      asked = given;
      return Promise.resolve({ status: 200, text: () => Promise.resolve("") });
    };
    await runInNewContext(`(async () => { ${toCode("javascript", nasty, origin)} })()`, { fetch, console: { log: () => {} } });
    const { method, headers } = nasty;
    expect(JSON.parse(JSON.stringify(asked))).toEqual([
      `https://notes.apps.example.com${nasty.path}`,
      { method, headers, body: nastyText },
    ]);
  });

  it("gives forms their fields, and multipart forms their fields and files", async () => {
    const shell = async (request: PlannedRequest) => {
      const { stdout } = await run("bash", ["-c", `curl() { printf '%s\\0' "$@"; }\n${toCode("curl", request, origin)}`]);
      return stdout.split("\0").slice(1, -1);
    };
    expect(await shell(form)).toEqual(["--data-urlencode", "a%3Db=1 & 2", "--data-urlencode", "c=@d", "--data-urlencode", "c=it's"]);
    expect(await shell(multipart)).toEqual(["--form-string", "note=@it's;type=x", "--form", `up=@"a;\\"b'.txt";type=text/plain`]);
    expect(toCode("python", form, origin)).toContain('data={"a=b": "1 & 2", "c": ["@d", "it\'s"]},');
    expect(toCode("python", multipart, origin)).toContain(
      `("note", (None, "@it's;type=x")),\n        ("up", ("a;\\"b'.txt", open("a;\\"b'.txt", "rb"), "text/plain")),`,
    );
    expect(toCode("javascript", form, origin)).toContain('body: new URLSearchParams([["a=b","1 & 2"],["c","@d"],["c","it\'s"]]),');
    expect(toCode("javascript", multipart, origin)).toContain(
      `form.append("up", await openAsBlob("a;\\"b'.txt", { type: "text/plain" }), "a;\\"b'.txt");`,
    );
  });

  it("has a variable where the credentials are", async () => {
    const shell = async (request: PlannedRequest) => {
      const { stdout } = await run("bash", [
        "-c",
        `TOKEN='t "k' PASSWORD=p API_KEY=k\ncurl() { printf '%s\\0' "$@"; }\n${toCode("curl", request, origin)}`,
      ]);
      return stdout.split("\0").slice(1, 3);
    };
    expect(await shell(credentials("bearer"))).toEqual(["--header", 'Authorization: Bearer t "k']);
    expect(await shell(credentials("basic"))).toEqual(["--user", "o'a:p"]);
    expect(await shell(credentials("key", "X-It's"))).toEqual(["--header", "X-It's: k"]);
    expect(toCode("python", credentials("bearer"), origin)).toContain('"Authorization": "Bearer " + os.environ["TOKEN"]}');
    expect(toCode("python", credentials("basic"), origin)).toContain(`auth=("o'a", os.environ["PASSWORD"]),`);
    expect(toCode("javascript", credentials("basic"), origin)).toContain(`"Authorization": "Basic " + btoa("o'a:" + process.env.PASSWORD)`);
    expect(toCode("javascript", credentials("key", "X-Key"), origin)).toContain('"X-Key": process.env.API_KEY');
    for (const kind of ["curl", "python", "javascript"] as const)
      expect(toCode(kind, credentials("bearer"), origin)).not.toContain("hidden");
    expect([variableOf(plain), variableOf(credentials("basic"))]).toEqual([null, "PASSWORD"]);
  });
});
