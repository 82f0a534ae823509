import { expect, test } from "vitest";
import { completeSecrets } from "./secrets.ts";

const counting = () => {
  let made = 0;
  return (bytes: number): string => String((made += 1)).padStart(bytes * 2, "0");
};

test("a first run makes everything, and the database's address has its password", () => {
  const { secrets, added } = completeSecrets({}, counting());
  expect(added).toEqual(Object.keys(secrets));
  expect(secrets["mongo-url"]).toContain(`platform:${secrets["mongo-password"]}@`);
  expect(secrets["secret-key"]).toHaveLength(64);
  expect(secrets["mongo-keyfile"]!.length).toBeLessThanOrEqual(1_024);
  expect(new Set(Object.values(secrets)).size).toBe(added.length);
});

test("what is there is never changed, so that nothing that was encrypted is lost", () => {
  const first = completeSecrets({}, counting()).secrets;
  expect(completeSecrets(first, counting())).toEqual({ secrets: first, added: [] });
  const { "setup-code": _, ...incomplete } = first;
  const repaired = completeSecrets(incomplete, () => "new");
  expect(repaired.added).toEqual(["setup-code"]);
  expect(repaired.secrets).toEqual({ ...first, "setup-code": "new" });
});

test("a database of one's own takes the place of the one that was made up", () => {
  const first = completeSecrets({}, counting()).secrets;
  const { secrets, added } = completeSecrets(first, counting(), "mongodb://mine/");
  expect(added).toEqual(["mongo-url"]);
  expect(secrets).toEqual({ ...first, "mongo-url": "mongodb://mine/" });
  expect(completeSecrets(secrets, counting()).added).toEqual([]);
});
