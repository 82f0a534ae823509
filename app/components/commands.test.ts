import { expect, test } from "vitest";
import { matchCommands, toCommands, toEditorCommands } from "./commands.ts";

const apps = [
  { slug: "notes", name: "Team notes", url: "http://notes.localhost" },
  { slug: "new-shop", name: "Newest shop", url: "http://new-shop.localhost" },
];

test("the open app's own actions come first", () => {
  expect(
    toCommands(apps, "notes")
      .slice(0, 4)
      .map(({ to }) => to),
  ).toEqual(["/apps/notes/edit", "/apps/notes", "/apps/notes/edit?open=packages", "http://notes.localhost"]);
  expect(toCommands(apps, undefined).some(({ group }) => group === "This app")).toBe(false);
});

test("every word must match, and names that begin with the query win", () => {
  const commands = toCommands(apps, undefined);
  expect(matchCommands(commands, "new").map(({ label }) => label)).toEqual(["Newest shop", "New app"]);
  expect(matchCommands(commands, "notes team").map(({ id }) => id)).toEqual(["app:notes"]);
  expect(matchCommands(commands, "zebra")).toEqual([]);
});

test("the list is cut", () => expect(matchCommands(toCommands(apps, undefined), "", 2)).toHaveLength(2));

test("in the editor the language server can be turned, to what it is not", () => {
  const turned: boolean[] = [];
  for (const on of [true, false])
    matchCommands(
      toEditorCommands(on, (next) => turned.push(next)),
      `language ${on ? "off" : "on"}`,
    )[0]?.run?.();
  expect(turned).toEqual([false, true]);
});
