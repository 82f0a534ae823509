import { expect, test } from "vitest";
import { unreachableWords } from "./address-words.ts";

test("a name that does not resolve names the setting; a port that is closed names the port", () => {
  const here = { hostname: "192.168.1.5" };
  expect(unreachableWords("http://notes.localhost:3000", here)).toMatch(/cannot open notes\.localhost: .*APPS_ADDRESSING=port/);
  expect(unreachableWords("http://192.168.1.5:3101", here)).toMatch(/port 3101 of 192\.168\.1\.5.*firewall/);
});
