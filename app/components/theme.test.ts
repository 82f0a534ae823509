import { expect, test } from "vitest";
import { readTheme, themeCookie } from "./theme.ts";

test("a theme survives its cookie", () => expect(readTheme(`a=b; ${themeCookie("dark").split(";")[0]}`)).toBe("dark"));

test("no cookie and a strange one mean the system's theme", () => {
  expect([null, "", "fp-theme=", "fp-theme=purple", "xfp-theme=dark"].map(readTheme)).toEqual([
    "system",
    "system",
    "system",
    "system",
    "system",
  ]);
});
