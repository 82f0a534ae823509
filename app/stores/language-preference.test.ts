import { expect, test } from "vitest";
import { suits } from "./language-preference.ts";

test("a device with little memory, or a phone, begins without the language server", () => {
  expect(suits({ memoryGB: 8, narrow: false })).toBe(true);
  expect(suits({ memoryGB: 4, narrow: false })).toBe(true);
  expect(suits({ memoryGB: 2, narrow: false })).toBe(false);
  expect(suits({ memoryGB: 8, narrow: true })).toBe(false);
  // Firefox and Safari do not tell.
  expect(suits({ memoryGB: undefined, narrow: false })).toBe(true);
});
