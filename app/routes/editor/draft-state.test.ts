import { expect, test } from "vitest";
import { draftWord, settingsLine } from "./draft-state.ts";

const deployed = { hash: "h1", version: 1, updatedAt: "2026-11-21T05:00:00.000Z" };

test("the header's word", () => {
  expect(draftWord(true, "h1", deployed)).toBe("Unsaved changes");
  expect(draftWord(false, "h1", deployed)).toBe("Live");
  expect(draftWord(false, "h2", deployed)).toBe("Saved, not deployed");
  expect(draftWord(false, "h1", null)).toBe("Saved, not deployed");
});

test("the settings in one line", () => {
  const env = [
    { name: "A", secret: false },
    { name: "B", secret: true },
    { name: "C", secret: false },
  ];
  expect(settingsLine({ database: { id: "1", name: "notes" }, sleepAfterMinutes: 15 }, env)).toBe(
    "DB: notes · 3 env · sleeps after 15 min",
  );
  expect(settingsLine({ database: null, sleepAfterMinutes: 60 }, [])).toBe("No database · sleeps after 60 min");
});
