import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";
import type { ProxyRequest } from "#core/contract/request.ts";
import { toCode } from "./request-code.ts";

const run = promisify(execFile);
const origin = "https://notes.apps.example.com/";
const plain: ProxyRequest = { method: "GET", path: "/items?q=a%20b" };
/** Everything that a shell or a language might take for its own. */
const nasty: ProxyRequest = {
  method: "PUT",
  path: "/a'b$(id)`id`{x}[1]",
  headers: { "X-Odd": `it's "$HOME" \\n`, "X-Empty": "" },
  body: "@file\n'\"\\ $(id) \u2028 ü 😀 \u0001",
};

describe("a request as code", () => {
  it("is as short as it can be", () => {
    expect(toCode("curl", plain, origin)).toBe("curl 'https://notes.apps.example.com/items?q=a%20b'");
    expect(toCode("curl", { method: "POST", path: "/", headers: { "Content-Type": "application/json" }, body: "{}" }, origin)).toBe(
      "curl 'https://notes.apps.example.com/' \\\n  --header 'Content-Type: application/json' \\\n  --data-raw '{}'",
    );
    expect(toCode("curl", { method: "HEAD", path: "/" }, origin)).toBe("curl 'https://notes.apps.example.com/' \\\n  --head");
    expect(toCode("python", plain, origin)).toContain('httpx.request(\n    "GET",\n    "https://notes.apps.example.com/items?q=a%20b",\n)');
    expect(toCode("javascript", plain, origin)).toContain('fetch("https://notes.apps.example.com/items?q=a%20b", {\n  method: "GET",\n}');
  });

  it("gives curl what was written, by a real shell", async () => {
    const { stdout } = await run("bash", ["-c", `curl() { printf '%s\\0' "$@"; }\n${toCode("curl", nasty, origin)}`]);
    expect(stdout.split("\0").slice(0, -1)).toEqual([
      `https://notes.apps.example.com${nasty.path}`,
      ...["--request", "PUT", "--globoff", "--header", `X-Odd: ${nasty.headers!["X-Odd"]}`, "--header", "X-Empty;"],
      ...["--data-raw", nasty.body],
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
    expect(JSON.parse(stdout)).toEqual(["PUT", `https://notes.apps.example.com${nasty.path}`, nasty.headers, nasty.body]);
  });

  it("gives fetch what was written", async () => {
    let asked: unknown[] = [];
    const fetch = (...given: unknown[]) => {
      asked = given;
      return Promise.resolve({ status: 200, text: () => Promise.resolve("") });
    };
    await runInNewContext(`(async () => { ${toCode("javascript", nasty, origin)} })()`, { fetch, console: { log: () => {} } });
    const { method, headers, body } = nasty;
    expect(JSON.parse(JSON.stringify(asked))).toEqual([`https://notes.apps.example.com${nasty.path}`, { method, headers, body }]);
  });
});
