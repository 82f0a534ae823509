import { describe, expect, test } from "vitest";
import { createEditorStore, isDirty } from "./editor-store.ts";

const make = (open?: { file: string; line: number }) =>
  createEditorStore({ entrypoint: "app.py", draft: { hash: "h1", files: { "app.py": "app", "b.py": "b" } }, open: open ?? null });

describe("editor store", () => {
  test("begins at the entrypoint, or where the address says", () => {
    expect(make().getState().active).toBe("app.py");
    expect(make({ file: "b.py", line: 3 }).getState()).toMatchObject({ active: "b.py", reveal: { file: "b.py", line: 3 } });
    expect(make({ file: "missing.py", line: 3 }).getState()).toMatchObject({ active: "app.py", reveal: null });
  });

  test("typing makes it dirty, typing it back does not", () => {
    const store = make();
    store.getState().setText("app.py", "other");
    expect(isDirty(store.getState())).toBe(true);
    store.getState().setText("app.py", "app");
    expect(isDirty(store.getState())).toBe(false);
  });

  test("the entrypoint is neither removed nor renamed", () => {
    const store = make();
    expect(store.getState().remove("app.py")).toBeNull();
    store.getState().rename("app.py", "main.py");
    expect(Object.keys(store.getState().files)).toEqual(["app.py", "b.py"]);
  });

  test("a rename never swallows another file, and keeps the file open", () => {
    const store = make();
    store.getState().open("b.py");
    store.getState().rename("b.py", "app.py");
    expect(store.getState().files["b.py"]).toBe("b");
    store.getState().rename("b.py", "lib/c.py");
    expect(store.getState()).toMatchObject({ active: "lib/c.py", files: { "app.py": "app", "lib/c.py": "b" } });
  });

  test("removing gives the content back, so that undo can restore it", () => {
    const store = make();
    store.getState().open("b.py");
    const content = store.getState().remove("b.py");
    expect(store.getState().active).toBe("app.py");
    store.getState().add("b.py", content!);
    expect(isDirty(store.getState())).toBe(false);
  });

  test("what was typed while a save was on its way stays unsaved", () => {
    const store = make();
    store.getState().setText("app.py", "sent");
    const sent = store.getState().files;
    store.getState().setText("app.py", "sent and more");
    store.getState().saved("h2", sent);
    expect(isDirty(store.getState())).toBe(true);
    expect(store.getState().files["app.py"]).toBe("sent and more");
  });

  test("going to the same place twice is two requests", () => {
    const store = make();
    store.getState().goTo({ file: "b.py", line: 1 });
    const first = store.getState().reveal;
    store.getState().goTo({ file: "b.py", line: 1 });
    expect(store.getState().reveal).not.toEqual(first);
  });
});
