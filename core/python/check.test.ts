import { describe, expect, test } from "vitest";
import { createSyntaxChecker } from "#server/python-syntax.ts";
import type { Files } from "../contract/files.ts";
import { checkPython, detectFramework, usesMongo } from "./index.ts";

const syntaxErrors = createSyntaxChecker("3.11");
const allowedImports = new Set(["fastapi", "starlette", "fasthtml", "pymongo", "httpx", "jinja2", "uvicorn", "pydantic", "requests"]);
const check = (files: Files | string, entrypoint = "app.py") =>
  checkPython(typeof files === "string" ? { "app.py": files } : files, { entrypoint, allowedImports, syntaxErrors });
const codes = (files: Files | string, entrypoint?: string) =>
  check(files, entrypoint).problems.map(({ severity, code }) => `${severity} ${code}`);
const fine = "from fastapi import FastAPI\napp = FastAPI()\n";

describe("errors that stop a deploy", () => {
  test("a syntax error is given with its line and column", () => {
    const { ok, problems } = check(`${fine}\ndef broken(:\n    pass\n`);
    expect(ok).toBe(false);
    expect(problems[0]).toMatchObject({ file: "app.py", line: 4, column: 12, code: "syntax_error", severity: "error" });
  });

  test.each([
    "return 1\n",
    "break\n",
    "await x\n",
    "yield 1\n",
    "type X = int\n",
    "def f():\n  x = 1\n  global x\n",
    "x = (\n",
    "from __future__ import nope\n",
  ])("CPython's compiler refuses %j, and so does the check", (code) => {
    expect(codes(fine + code)).toContain("error syntax_error");
  });

  test.each(["lambda:".repeat(10_000), "not ".repeat(15_000), "(".repeat(50_000), `a${".b".repeat(30_000)}`])(
    "a source nested too deeply is an error and does not break the checker",
    (code) => {
      expect(codes(`${fine}x = ${code}`)).toContain("error syntax_error");
      expect(codes(fine)).toEqual([]);
    },
  );

  test("a forbidden import names the nearest allowed one and its place", () => {
    const [problem] = check(`${fine}import os, fastapy\n`).problems;
    expect(problem).toMatchObject({ line: 3, column: 12, endColumn: 19, code: "forbidden_import", severity: "error" });
    expect(problem?.message).toContain("Did you mean fastapi?");
    expect(check(`${fine}import flask\n`).problems[0]?.message).toContain("Use fastapi instead");
    expect(codes(`${fine}from ctypes.util import find_library\n`)).toEqual(["error forbidden_import"]);
    expect(codes(`${fine}def f():\n    import numpy.linalg\n`)).toEqual(["error forbidden_import"]);
  });

  test("an import that may fail or that only type checkers see stops nothing", () => {
    expect(codes(`${fine}try:\n    import orjson\nexcept ImportError:\n    orjson = None\n`)).toEqual(["warning forbidden_import"]);
    expect(codes(`${fine}from contextlib import suppress\nwith suppress(ImportError):\n    import numpy\n`)).toEqual([
      "warning forbidden_import",
    ]);
    expect(codes(`${fine}import typing as t\nif t.TYPE_CHECKING:\n    import numpy\n`)).toEqual([]);
    expect(codes(`${fine}if not TYPE_CHECKING:\n    import numpy\nelse:\n    import pandas\n`)).toEqual(["error forbidden_import"]);
    expect(codes(`${fine}if __name__ == "__main__":\n    import gunicorn\n`)).toEqual(["warning forbidden_import"]);
    expect(codes(`${fine}try:\n    import numpy\nexcept ValueError:\n    pass\n`)).toEqual(["error forbidden_import"]);
  });

  test("no entrypoint, and an entrypoint without app", () => {
    expect(codes({ "main.py": fine })).toEqual(["error no_entrypoint"]);
    expect(codes({ "main.py": fine }, "main.py")).toEqual([]);
    expect(check("from fastapi import FastAPI\napi = FastAPI()\n").problems[0]?.message).toContain("Rename api to app");
    expect(codes("@app.get('/')\ndef index(): ...\n")).toEqual(["error no_app"]);
    expect(codes("def f():\n    app = 1\nclass A:\n    app = 2\nx.app = 3\n")).toEqual(["error no_app"]);
  });

  test("sizes and paths are part of it", () => {
    expect(codes({ "app.py": fine, "../x.py": "" })).toEqual(["error invalid_path"]);
    expect(codes({ "app.py": fine, "big.txt": "x".repeat(101_000) })).toEqual(["error file_too_large"]);
  });
});

describe("where app may come from in a way that the text does not show, the check is silent", () => {
  test.each([
    ["imported", "from fastapi import app\n"],
    ["imported under another name", "from fastapi import FastAPI as app\n"],
    ["star-imported", "from fastapi import *\n"],
    ["in if", "import os\nif os.environ:\n    app = 1\n"],
    ["in try", "try:\n    app = 1\nexcept ValueError:\n    pass\n"],
    ["in with", "with open('x') as f:\n    app = f\n"],
    ["as a with target", "with open('x') as app:\n    pass\n"],
    ["as a target of a bracketed with", "with (\n    open('x') as f,  # one\n    open('y') as app,\n):\n    pass\n"],
    ["as part of a with target", "with open('x') as (f, app):\n    pass\n"],
    ["in for", "for app in [1]:\n    pass\n"],
    ["via globals", "globals()['app'] = 1\n"],
    ["via sys.modules", "import sys\nsys.modules[__name__].app = 1\n"],
    ["annotated", "app: object = 1\n"],
    ["in a tuple", "app, x = 1, 2\n"],
    ["in a nested tuple", "x, (y, [app]) = z\n"],
    ["starred", "*app, x = [1, 2]\n"],
    ["in a chain", "x = app = 1\n"],
    ["by walrus", "print(app := 1)\n"],
    ["by global", "def f():\n    global app\n    app = 1\nf()\n"],
    ["as a class", "class app: ...\n"],
    ["as a function", "async def app(scope, receive, send): ...\n"],
    ["as a decorated factory", "@cache\ndef create_app(): ...\n"],
    ["in match", "match 1:\n    case app: pass\n"],
    ["by a module's __getattr__", "def __getattr__(name): return 1\n"],
  ])("%s", (_, code) => {
    expect(codes(code).filter((found) => found.includes("no_app"))).toEqual([]);
  });
});

describe("warnings stop nothing", () => {
  test("a cycle is spelled out from the entrypoint, through relative imports and from package import module", () => {
    const { ok, problems } = check({
      "app.py": `import pkg.b\n${fine}`,
      "pkg/__init__.py": "",
      "pkg/b.py": "from . import c\n",
      "pkg/c.py": "from pkg import d\n",
      "pkg/d.py": "from .b import x\n",
    });
    expect(ok).toBe(true);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatchObject({ file: "pkg/b.py", line: 1, code: "import_cycle", severity: "warning" });
    expect(problems[0]?.message).toContain("pkg/b.py → pkg/c.py → pkg/d.py → pkg/b.py");
  });

  test("two files that need each other", () => {
    expect(check({ "app.py": `import a\n${fine}`, "a.py": "import b\n", "b.py": "from a import x\n" }).problems[0]?.message).toContain(
      "a.py → b.py → a.py",
    );
    expect(check({ "app.py": `import a\n${fine}`, "a.py": "from app import app\n" }).problems[0]?.message).toContain(
      "app.py → a.py → app.py",
    );
  });

  test("imports in functions, for types, and a package's own modules make no cycle", () => {
    expect(
      codes({
        "app.py": `import a\n${fine}`,
        "a.py": "def f():\n    import app\nfrom typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import app\n",
      }),
    ).toEqual([]);
    expect(
      codes({
        "app.py": `import p\n${fine}`,
        "p/__init__.py": "from .a import x\n",
        "p/a.py": "from .b import y\nx = 1\n",
        "p/b.py": "import p.c\ny = 1\n",
        "p/c.py": "",
      }),
    ).toEqual([]);
  });

  test("blocked patterns come with their reason, through aliases, and not for other things of the same name", () => {
    const { ok, problems } = check(
      `${fine}import subprocess as sp\nfrom os import system as s\nsp.run(['x'])\ns('x')\neval('1')\nos_exec = 1\nimport os\nos.execv('a', [])\n`,
    );
    expect(ok).toBe(true);
    expect(problems.map(({ line, code }) => [line, code])).toEqual([
      [5, "blocked_pattern"],
      [6, "blocked_pattern"],
      [7, "blocked_pattern"],
      [10, "blocked_pattern"],
    ]);
    expect(problems[0]?.message).toContain("subprocess.run() is discouraged here.");
    expect(codes(`${fine}import re\nre.compile('x')\nmodel.eval()\ndef compile(x): ...\ncompile(1)\n# eval(1)\nx = "eval(1)"\n`)).toEqual(
      [],
    );
    expect(codes(`${fine}import uvicorn\nuvicorn.run(app)\n`)).toEqual(["warning blocked_pattern"]);
    expect(codes(`${fine}import uvicorn\nif __name__ == "__main__":\n    uvicorn.run(app)\n`)).toEqual([]);
  });

  test("imports of the app's own modules that are not there", () => {
    expect(
      codes({ "app.py": `${fine}from pkg import missing\nimport pkg.other\n`, "pkg/a.py": "from .gone import x\nfrom ..app import app\n" }),
    ).toEqual(["warning unresolved_import", "warning unresolved_import", "warning unresolved_import"]);
    expect(codes(`${fine}from .models import x\n`)).toEqual(["warning relative_import"]);
    expect(codes({ "app.py": `${fine}try:\n    import pkg.local\nexcept ImportError:\n    pass\n`, "pkg/a.py": "" })).toEqual([]);
  });

  test("files that hide modules", () => {
    expect(codes({ "app.py": fine, "json.py": "", "httpx/__init__.py": "", "static/queue.py": "" })).toEqual([
      "warning shadowed_module",
      "warning shadowed_module",
    ]);
  });
});

describe("the framework is what app is made by", () => {
  test.each<[string, string | null, Files | string]>([
    ["FastAPI()", "fastapi", fine],
    ["an alias", "fastapi", "import fastapi as f\napp = f.FastAPI(title='x')\n"],
    ["a renamed class", "fastapi", "from fastapi import FastAPI as F\napp: F = F()\n"],
    ["a subclass", "fastapi", "from fastapi import FastAPI\nclass Mine(FastAPI): ...\napp = Mine()\n"],
    ["a factory", "fastapi", "from fastapi import FastAPI\ndef create_app() -> FastAPI:\n    api = FastAPI()\n    return api\n"],
    ["a called factory", "fastapi", "from fastapi import FastAPI\ndef make():\n    return FastAPI()\napp = make()\n"],
    [
      "another file",
      "fastapi",
      { "app.py": "from web.main import api as app\n", "web/main.py": "from fastapi import FastAPI\napi = FastAPI()\n" },
    ],
    ["fast_app()", "fasthtml", "from fasthtml.common import *\napp, rt = fast_app()\n"],
    ["FastHTML()", "fasthtml", "from fasthtml.common import FastHTML\napp = FastHTML()\n"],
    ["Starlette", "asgi", "from starlette.applications import Starlette\napp = Starlette()\n"],
    ["a bare ASGI function", "asgi", "async def app(scope, receive, send):\n    pass\n"],
    ["FastAPI beside FastHTML", "fastapi", "from fastapi import FastAPI\nfrom fasthtml.common import Div\napp = FastAPI()\n"],
    [
      "middleware around it",
      "asgi",
      "from fastapi import FastAPI\nfrom starlette.middleware.cors import CORSMiddleware\napi = FastAPI()\napp = CORSMiddleware(api)\n",
    ],
    ["a ring of files", "asgi", { "app.py": "from a import app\n", "a.py": "from app import app\n" }],
    ["a syntax error", null, "app = (\n"],
  ])("%s", (_, framework, files) => {
    expect(check(files).framework).toBe(framework);
  });

  test("without a syntax checker", () => {
    expect(detectFramework({ "app.py": fine })).toBe("fastapi");
  });
});

test("MongoDB is used by importing a driver or reading its address", () => {
  expect(usesMongo({ "app.py": fine, "db.py": "from pymongo import MongoClient\n" })).toBe(true);
  expect(usesMongo({ "app.py": "import os\nx = os.environ['PLATFORM_MONGO_URI']\n" })).toBe(true);
  expect(usesMongo({ "app.py": "class Settings(BaseSettings):\n    platform_mongo_uri: str\n" })).toBe(true);
  expect(usesMongo({ "app.py": `${fine}# PLATFORM_MONGO_URI and import pymongo\n` })).toBe(false);
});
