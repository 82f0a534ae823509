/** What may become of the file list: paths that can be added or renamed to, and the small starters a new file begins with. Pure. */
import { checkPath, isBinaryPath } from "#core/bundle.ts";
import type { FileContent, Files } from "#core/contract/files.ts";
import { bundleLimits } from "#core/limits.ts";

/** Why this path cannot be taken by a new or renamed file; null when it can. `from` is the file that is renamed. */
export function refusePath(files: Files, path: string, from?: string): string | null {
  if (path === "") return "Give it a name, such as routes.py or templates/index.html.";
  const bad = checkPath(path);
  if (bad !== null) return bad.message;
  const others = Object.keys(files).filter((other) => other !== from);
  const same = others.find((other) => other.toLowerCase() === path.toLowerCase());
  if (same !== undefined) return `${same} is already there.`;
  const folder = others.find((other) => other.startsWith(`${path}/`) || path.startsWith(`${other}/`));
  if (folder !== undefined) return `${folder} stands in the way: a name is either a file or a folder.`;
  if (from !== undefined && isBinaryPath(from) !== isBinaryPath(path)) return "A picture or font keeps its kind of ending.";
  if (from === undefined && isBinaryPath(path)) return "Pictures and fonts are uploaded: use “Upload file”.";
  if (from === undefined && others.length >= bundleLimits.files) return `An app may have at most ${bundleLimits.files} files.`;
  return null;
}

export interface Starter {
  label: string;
  path: string;
  content: string;
}

/** The kinds of file that most apps grow into. Each is valid as it is. */
export const starters: readonly Starter[] = [
  { label: "Python module", path: "helpers.py", content: '"""What the app needs in more than one place."""\n' },
  {
    label: "Router",
    path: "routes.py",
    content:
      'from fastapi import APIRouter\n\n# In app.py: app.include_router(router)\nrouter = APIRouter(prefix="/items", tags=["items"])\n\n\n@router.get("")\ndef list_items() -> list[str]:\n    return []\n',
  },
  {
    label: "HTML page",
    path: "templates/index.html",
    content:
      '<!doctype html>\n<html lang="en">\n  <head>\n    <meta charset="utf-8">\n    <meta name="viewport" content="width=device-width">\n    <title>{{ title }}</title>\n    <link rel="stylesheet" href="/static/style.css">\n  </head>\n  <body>\n    <h1>{{ title }}</h1>\n  </body>\n</html>\n',
  },
  {
    label: "Stylesheet",
    path: "static/style.css",
    content: "body {\n  max-width: 40rem;\n  margin: 3rem auto;\n  padding: 0 1rem;\n  font-family: system-ui, sans-serif;\n}\n",
  },
  {
    label: "Models",
    path: "models.py",
    content:
      "from pydantic import BaseModel, Field\n\n\nclass Item(BaseModel):\n    name: str = Field(min_length=1, max_length=100)\n    done: bool = False\n",
  },
  {
    label: "Service",
    path: "services.py",
    content:
      'import os\n\nfrom pymongo import MongoClient\n\n# Bind a database to the app: the settings have it.\ndatabase = MongoClient(os.environ["PLATFORM_MONGO_URI"]).get_default_database()\n\n\ndef add_item(name: str) -> str:\n    return str(database.items.insert_one({"name": name}).inserted_id)\n\n\ndef list_items() -> list[str]:\n    return [item["name"] for item in database.items.find().sort("_id", -1).limit(100)]\n',
  },
  {
    label: "FastHTML component",
    path: "components.py",
    content:
      "from fasthtml.common import Article, Div, H2, P\n\n\ndef card(title: str, *text: str):\n    return Article(H2(title), Div(*(P(line) for line in text)))\n",
  },
  {
    label: "Test",
    path: "test_app.py",
    content:
      'from fastapi.testclient import TestClient\n\nfrom app import app\n\nclient = TestClient(app)\n\n\ndef test_it_answers() -> None:\n    assert client.get("/").status_code == 200\n',
  },
  {
    label: "SVG image",
    path: "static/logo.svg",
    content:
      '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" width="24" height="24">\n  <circle cx="12" cy="12" r="10" fill="currentColor" />\n</svg>\n',
  },
  { label: "JSON", path: "data.json", content: "{}\n" },
  { label: "requirements.txt", path: "requirements.txt", content: "" },
  { label: "Empty file", path: "notes.md", content: "" },
];

/** A path like `path` that is free: `routes.py`, `routes_2.py`, … */
export function freePath(files: Files, path: string): string {
  const dot = path.lastIndexOf(".");
  const [stem, ending] = dot < 0 ? [path, ""] : [path.slice(0, dot), path.slice(dot)];
  const taken = new Set(Object.keys(files).map((other) => other.toLowerCase()));
  for (let n = 1; ; n++) {
    const candidate = n === 1 ? path : `${stem}_${n}${ending}`;
    if (!taken.has(candidate.toLowerCase())) return candidate;
  }
}

/** What a new file begins with: the starter of that very path, or nothing. */
export const contentFor = (path: string): FileContent => starters.find((starter) => starter.path === path)?.content ?? "";

/** The order of the list: the entrypoint, then files beside it, then folders, each by name. */
export function listOrder(files: Files, entrypoint: string): string[] {
  const rank = (path: string) => (path === entrypoint ? 0 : path.includes("/") ? 2 : 1);
  return Object.keys(files).sort((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1));
}

const languages: Readonly<Record<string, string>> = {
  py: "python",
  html: "html",
  svg: "xml",
  xml: "xml",
  css: "css",
  js: "javascript",
  json: "json",
  md: "markdown",
  yaml: "yaml",
  toml: "ini",
};

/** Monaco's name of the language of a path. */
export const languageOf = (path: string): string => languages[path.slice(path.lastIndexOf(".") + 1).toLowerCase()] ?? "plaintext";
