import { describe, expect, test } from "vitest";
import { findUnsaved, forgetUnsaved, keepUnsaved } from "./unsaved.ts";

/** A Storage in memory: the browser's own exists only in a browser. */
class MemoryStorage {
  #entries = new Map<string, string>();
  get length() {
    return this.#entries.size;
  }
  key(index: number) {
    return [...this.#entries.keys()][index] ?? null;
  }
  getItem(key: string) {
    return this.#entries.get(key) ?? null;
  }
  setItem(key: string, value: string) {
    this.#entries.set(key, value);
  }
  removeItem(key: string) {
    this.#entries.delete(key);
  }
}

const at = new Date("2026-11-21T05:00:00Z");

describe("unsaved edits", () => {
  test("come back for their app and draft, newest first", () => {
    const store = new MemoryStorage();
    keepUnsaved(store, "a", "h1", { "app.py": "old" }, at);
    keepUnsaved(store, "a", "h2", { "app.py": "new", "b.py": null }, new Date(at.getTime() + 1));
    keepUnsaved(store, "ab", "h1", { "app.py": "another app's" }, at);
    expect(findUnsaved(store, "a").map(({ baseHash, changes }) => [baseHash, changes])).toEqual([
      ["h2", { "app.py": "new", "b.py": null }],
      ["h1", { "app.py": "old" }],
    ]);
  });

  test("are forgotten when saved, and when nothing differs any more", () => {
    const store = new MemoryStorage();
    keepUnsaved(store, "a", "h1", { "app.py": "x" }, at);
    keepUnsaved(store, "a", "h1", {}, at);
    keepUnsaved(store, "a", "h2", { "app.py": "x" }, at);
    forgetUnsaved(store, "a", "h2");
    expect(store.length).toBe(0);
  });

  test("an unreadable entry is dropped, and a full storage disturbs nobody", () => {
    const store = new MemoryStorage();
    const kept = at.toISOString();
    const unreadable: unknown[] = [
      null,
      [],
      { at: kept },
      { at: "x", changes: {} },
      { at: kept, changes: { "a.py": 1 } },
      { at: kept, changes: { "a.png": { base64: 1 } } },
    ];
    for (const text of ["{ not json", ...unreadable.map((each) => JSON.stringify(each))]) {
      store.setItem("fp:unsaved:a:h1", text);
      expect(findUnsaved(store, "a"), text).toEqual([]);
      expect(store.length).toBe(0);
    }
    const changes = { "a.py": null, "b.py": "", "static/c.png": { base64: "AA==" } };
    store.setItem("fp:unsaved:a:h1", JSON.stringify({ at: kept, changes }));
    expect(findUnsaved(store, "a")).toEqual([{ baseHash: "h1", at: kept, changes }]);
    forgetUnsaved(store, "a", "h1");
    const full = Object.assign(new MemoryStorage(), {
      setItem: () => {
        throw new Error("QuotaExceededError");
      },
    });
    expect(() => keepUnsaved(full, "a", "h", { "app.py": "x" }, at)).not.toThrow();
  });
});
