import { afterAll, beforeAll, expect, test } from "vitest";
import { connectStorage, createVault, type Storage } from "#server/storage/index.ts";
import { createTestDatabase } from "../../tests/database.ts";
import { createAccounts, resetAdmin, type Accounts } from "./index.ts";

const publicUrl = "http://localhost:3000";
const database = createTestDatabase();
let storage: Storage;
let accounts: Accounts;

beforeAll(async () => {
  storage = await connectStorage(database.url);
  const vault = createVault({ secretKey: "s".repeat(40), secretKeyFile: undefined, dataDir: "" });
  accounts = await createAccounts({
    storage,
    vault,
    publicUrl,
    signup: "open",
    setupCodeRequired: false,
  });
});
afterAll(async () => {
  await storage.close();
  await database[Symbol.asyncDispose]();
});

const page = () => new Request(`${publicUrl}/sign-in`, { method: "POST", headers: { origin: publicUrl } });
const headersOf = (setCookies: string[]) => new Headers({ cookie: setCookies.map((cookie) => cookie.split(";")[0]).join("; ") });

test("before anyone signed up it says who becomes admin", async () => {
  await expect(resetAdmin(storage, "ann@example.com")).rejects.toMatchObject({
    code: "not_found",
    message: expect.stringContaining("first to sign up"),
  });
});

test("a user becomes admin with a new password, and nothing that began with the old one goes on", async () => {
  await accounts.signUp({ name: "Ann", email: "ann@example.com", password: "ann's password" }, page());
  const bob = await accounts.signUp({ name: "Bob", email: "bob@example.com", password: "bob's password" }, page());
  const second = await accounts.signIn({ email: "bob@example.com", password: "bob's password" }, page());
  expect(bob.user.role).toBe("user");

  const reset = await resetAdmin(storage, " Bob@Example.com");
  expect(reset).toEqual({ email: "bob@example.com", password: expect.stringMatching(/^[a-zA-Z2-9]{20}$/) });
  for (const { setCookies } of [bob, second]) expect(await accounts.findCaller(headersOf(setCookies))).toBeNull();
  await expect(accounts.signIn({ email: "bob@example.com", password: "bob's password" }, page())).rejects.toMatchObject({
    code: "validation_failed",
  });
  const { user, setCookies } = await accounts.signIn({ email: "bob@example.com", password: reset.password }, page());
  expect(user).toMatchObject({ id: bob.user.id, role: "admin" });
  expect((await accounts.findCaller(headersOf(setCookies)))?.scopes).toContain("admin");
  expect((await resetAdmin(storage, "bob@example.com")).password).not.toBe(reset.password);
});

test("others keep their password and sessions", async () => {
  const cy = await accounts.signUp({ name: "Cy", email: "cy@example.com", password: "cy's password" }, page());
  await resetAdmin(storage, "ann@example.com");
  expect(await accounts.findCaller(headersOf(cy.setCookies))).toMatchObject({ user: { id: cy.user.id, role: "user" } });
  await accounts.signIn({ email: "cy@example.com", password: "cy's password" }, page());
});

test("a user whom a sign-up that was cut off left without a password gets one", async () => {
  const { user } = await accounts.signUp({ name: "Di", email: "di@example.com", password: "di's password" }, page());
  const kept = await storage.connection.db!.collection("accounts").findOne({ userId: { $exists: true } }, { sort: { _id: -1 } });
  await storage.connection.db!.collection("accounts").deleteOne({ _id: kept!._id });
  await expect(accounts.signIn({ email: "di@example.com", password: "di's password" }, page())).rejects.toThrow();
  const { password } = await resetAdmin(storage, "di@example.com");
  expect((await accounts.signIn({ email: "di@example.com", password }, page())).user.id).toBe(user.id);
});

test("an unknown address changes nothing and names the admins", async () => {
  await expect(resetAdmin(storage, "nobody@example.com")).rejects.toMatchObject({
    code: "not_found",
    message: expect.stringContaining("bob@example.com"),
  });
  expect(await storage.connection.db!.collection("users").countDocuments({ email: "nobody@example.com" })).toBe(0);
});
