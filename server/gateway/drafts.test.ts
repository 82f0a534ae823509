import { expect, test } from "vitest";
import { createDraftDoor, type DraftAccess } from "./drafts.ts";
import type { Route } from "./route.ts";

const route: Route = { appId: "a".repeat(24), slug: "draft--notes", state: "live", draft: true, sleepAfterMs: 600_000 };
const access: DraftAccess = {
  redeem: async (link, appId) => (link === "l".repeat(32) && appId === route.appId ? { path: "/x?y=1", pass: "good", seconds: 60 } : null),
  admits: (pass, appId) => pass === "good" && appId === route.appId,
  entryOf: (slug, target) => `https://platform.example/apps/${slug}/draft?path=${target}`,
};
const entry = `/_platform/draft?link=${"l".repeat(32)}`;

test.each([
  ["https://platform.example", "__Host-fp.draft-", "Secure; SameSite=None; Partitioned"],
  ["http://localhost:3000", "fp.draft-", "Secure; SameSite=None; Partitioned"],
  ["http://box.lan:3000", "fp.draft-", "SameSite=Lax"],
])("behind %s the pass is the cookie %s with %s", async (publicUrl, prefix, attributes) => {
  const door = createDraftDoor({ access, publicUrl });
  const answer = await door.enter(route, entry);
  expect(answer).toMatchObject({ status: 303 });
  const headers = (answer as { headers: string[] }).headers;
  expect(headers[headers.indexOf("location") + 1]).toBe("/x?y=1");
  expect(headers[headers.indexOf("set-cookie") + 1]).toBe(`${prefix}${route.appId}=good; Path=/; HttpOnly; Max-Age=60; ${attributes}`);
  expect(door.refusalOf(`other=1; ${prefix}${route.appId}=good`, route, "/")).toBeNull();
});

test("a draft is refused without its pass, and with that of another; other apps are not asked for one", () => {
  const door = createDraftDoor({ access, publicUrl: "http://localhost:3000" });
  for (const cookies of [
    undefined,
    "",
    "fp.draft-=good",
    `fp.draft-${route.appId}=bad`,
    `fp.draft-${"b".repeat(24)}=good`,
    `x${route.appId}=good`,
  ])
    expect(door.refusalOf(cookies, route, "/a")).toMatchObject({
      status: 403,
      link: { href: "https://platform.example/apps/notes/draft?path=/a" },
    });
  expect(door.refusalOf(undefined, { ...route, draft: false }, "/")).toBeNull();
  expect(door.refusalOf(undefined, undefined, "/")).toBeNull();
});

test("a link that is dead, or has not its form, leads nowhere; without anybody to ask, nobody is let in", async () => {
  const door = createDraftDoor({ access, publicUrl: "http://localhost:3000" });
  for (const link of ["", "?link=", `?link=${"m".repeat(32)}`, "?link=../../etc", "?other=1"])
    expect(await door.enter(route, `/_platform/draft${link}`)).toMatchObject({ code: "draft_only" });
  const closed = createDraftDoor({ publicUrl: "http://localhost:3000" });
  expect(closed.refusalOf(`fp.draft-${route.appId}=good`, route, "/")).toMatchObject({ code: "draft_only" });
  expect(await closed.enter(route, entry)).toMatchObject({ code: "draft_only" });
});
