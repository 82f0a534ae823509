import { describe, expect, it } from "vitest";
import type { Files } from "../contract/files.ts";
import { renameImports } from "./rename.ts";

/** `main.py` after a file of its app was renamed. */
const renamed = (code: string, from: string, to: string, path = "main.py"): string => {
  const files: Files = { [path]: code, [to]: "" };
  return renameImports(files, from, to).files[path] ?? code;
};

describe("imports of a renamed file", () => {
  it.for([
    ["from store import find", "from shop import find"],
    ["from store import find as f, save", "from shop import find as f, save"],
    ["from store import (\n    find,\n    save,\n)", "from shop import (\n    find,\n    save,\n)"],
    ["import store\nstore.find()", "import shop as store\nstore.find()"],
    ["import store as s, json", "import shop as s, json"],
    ["from .store import find", "from .shop import find"],
    ["from . import store", "from . import shop as store"],
    ["from . import store as s, other", "from . import shop as s, other"],
    ["def f():\n    from store import find", "def f():\n    from shop import find"],
    ["from stores import find\nimport restore\nx = 'store'", "from stores import find\nimport restore\nx = 'store'"],
  ])("%j becomes %j", ([before, after]) => {
    expect(renamed(before!, "store.py", "shop.py")).toBe(after);
  });

  it.for([
    ["from shop.store import find", "from shop.stock import find"],
    ["from shop import store", "from shop import stock as store"],
    ["from shop import store as s, prices", "from shop import stock as s, prices"],
    ["import shop.store\nshop.store.find(shop.other)", "import shop.stock\nshop.stock.find(shop.other)"],
    ["import shop.store as s", "import shop.stock as s"],
  ])("in a folder, %j becomes %j", ([before, after]) => {
    expect(renamed(before!, "shop/store.py", "shop/stock.py")).toBe(after);
  });

  it.for([
    ["from shop.store import find", "from data.stock import find"],
    ["from shop import store", "from data import stock as store"],
    // Two of a folder, of which one has left it: nothing that could be written in its place.
    ["from shop import store, prices", "from shop import store, prices"],
    ["import shop.store\nshop.store.find()", "import data.stock\ndata.stock.find()"],
  ])("gone to another folder, %j becomes %j", ([before, after]) => {
    expect(renamed(before!, "shop/store.py", "data/stock.py")).toBe(after);
  });

  it("keeps dots where they still lead to it, and names it in full where they do not", () => {
    expect(renamed("from .store import a", "shop/store.py", "shop/data/stock.py", "shop/api.py")).toBe("from .data.stock import a");
    expect(renamed("from ..store import a", "shop/store.py", "shop/stock.py", "shop/api/v1.py")).toBe("from ..stock import a");
    expect(renamed("from .store import a", "shop/store.py", "stock.py", "shop/api.py")).toBe("from stock import a");
  });

  it("takes a package for its __init__.py", () => {
    expect(renamed("from shop import find", "shop/__init__.py", "stock.py")).toBe("from stock import find");
    expect(renamed("from stock import find", "stock.py", "stock/__init__.py")).toBe("from stock import find");
  });

  it("keeps what the moved file itself imports", () => {
    const files: Files = { "data/store.py": "from .prices import a\nfrom . import b\nimport json\n", "shop/prices.py": "" };
    expect(renameImports(files, "shop/store.py", "data/store.py").files).toEqual({
      "data/store.py": "from shop.prices import a\nfrom shop import b\nimport json\n",
    });
  });

  it("tells each line that changes", () => {
    const files: Files = {
      "b.py": "import json\n    from store import x  # why\n",
      "a.py": "import store\n",
      "shop.py": "",
      "notes.txt": "import store",
    };
    expect(renameImports(files, "store.py", "shop.py").changes).toEqual([
      { file: "a.py", line: 1, before: "import store", after: "import shop as store" },
      { file: "b.py", line: 2, before: "from store import x  # why", after: "from shop import x  # why" },
    ]);
  });

  it("has nothing to say of files that are not Python, nor of text that is not either", () => {
    expect(renameImports({ "a.py": "from store import" }, "store.txt", "shop.txt").changes).toEqual([]);
    expect(() => renameImports({ "a.py": "from store import (((", "shop.py": "" }, "store.py", "shop.py")).not.toThrow();
  });
});
