import { afterAll, beforeAll, expect, test } from "vitest";
import { connectStorage, createVault, type Storage } from "#server/storage/index.ts";
import { createTestDatabase } from "../../tests/database.ts";
import { createAccounts, type Accounts } from "./index.ts";

const publicUrl = "http://localhost:3000";
const vault = createVault({ secretKey: "s".repeat(40), secretKeyFile: undefined, dataDir: "" });
const open: Storage[] = [];

async function makeAccounts(options: { signup?: "open" | "closed"; setupCodeRequired?: boolean } = {}) {
  const storage = await connectStorage(createTestDatabase().url);
  open.push(storage);
  const accounts = await createAccounts({
    storage,
    vault,
    publicUrl,
    signup: options.signup ?? "open",
    setupCodeRequired: options.setupCodeRequired ?? false,
  });
  const setupCode = async (): Promise<string> => /setup code: (\S+)$/.exec((await accounts.setupNotice()) ?? "")?.[1] ?? "";
  return { accounts, storage, setupCode };
}

let accounts: Accounts;
let storage: Storage;
beforeAll(async () => {
  ({ accounts, storage } = await makeAccounts());
});
afterAll(() => Promise.all(open.map((one) => one.close())));

const page = () => new Request(`${publicUrl}/sign-up`, { method: "POST", headers: { origin: publicUrl } });
const person = (email: string) => ({ name: email.split("@")[0]!, email, password: "correct horse" });
const cookieOf = (setCookies: string[]) => setCookies.map((cookie) => cookie.split(";")[0]).join("; ");

test("of twelve who sign up at once exactly one is admin", async () => {
  const people = await Promise.all(
    Array.from({ length: 12 }, (_, index) => accounts.signUp(person(`at-once-${index}@example.com`), page())),
  );
  expect(people.filter(({ user }) => user.role === "admin")).toHaveLength(1);
});

test("one address makes one account, however many ask at once", async () => {
  const results = await Promise.allSettled(Array.from({ length: 6 }, () => accounts.signUp(person("same@example.com"), page())));
  expect(results.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
  expect(await storage.connection.db!.collection("users").countDocuments({ email: "same@example.com" })).toBe(1);
});

test("the session cookie names the caller until they sign out", async () => {
  const { user, setCookies } = await accounts.signUp(person("ann@example.com"), page());
  const headers = new Headers({ cookie: cookieOf(setCookies) });
  expect(await accounts.findCaller(headers)).toMatchObject({ user: { id: user.id, email: "ann@example.com" }, via: "session" });
  await accounts.signOut(new Request(publicUrl, { headers: { cookie: headers.get("cookie")!, origin: publicUrl } }));
  expect(await accounts.findCaller(headers)).toBeNull();
});

test("a wrong password and an unknown address are told apart by nobody", async () => {
  await accounts.signUp(person("bob@example.com"), page());
  const wrong = accounts.signIn({ email: "bob@example.com", password: "not this one" }, page());
  const unknown = accounts.signIn({ email: "nobody@example.com", password: "not this one" }, page());
  const [first, second] = await Promise.all(
    [wrong, unknown].map((attempt) =>
      attempt.then(
        () => null,
        (error: Error) => error,
      ),
    ),
  );
  expect(first).toMatchObject({ code: "validation_failed" });
  expect(first!.message).toBe(second!.message);
});

test("an API token is the user with its scopes, is stored as a hash, and ends when it is revoked", async () => {
  const { setCookies } = await accounts.signUp(person("cy@example.com"), page());
  const caller = (await accounts.findCaller(new Headers({ cookie: cookieOf(setCookies) })))!;
  const created = await accounts.createToken(caller, { name: "laptop", scopes: ["read"] });
  const headers = new Headers({ authorization: `Bearer ${created.token}` });
  expect(await accounts.findCaller(headers)).toMatchObject({ user: { id: caller.user.id }, scopes: new Set(["read"]), via: "token" });
  expect(JSON.stringify(await storage.connection.db!.collection("apikeys").find().toArray())).not.toContain(created.token);
  expect((await accounts.listTokens(caller.user.id)).map((token) => token.name)).toEqual(["laptop"]);
  await accounts.deleteToken(caller.user.id, created.id);
  expect(await accounts.findCaller(headers)).toBeNull();
});

test("nobody gives a token a scope they lack, or revokes a stranger's", async () => {
  const [{ setCookies }, { user: other }] = [
    await accounts.signUp(person("di@example.com"), page()),
    await accounts.signUp(person("ed@example.com"), page()),
  ];
  const caller = (await accounts.findCaller(new Headers({ cookie: cookieOf(setCookies) })))!;
  await expect(accounts.createToken(caller, { name: "root", scopes: ["admin"] })).rejects.toMatchObject({ code: "forbidden" });
  const created = await accounts.createToken(caller, { name: "mine" });
  await expect(accounts.deleteToken(other.id, created.id)).rejects.toMatchObject({ code: "not_found" });
});

test("a closed installation takes the first account and no other", async () => {
  const { accounts: closed } = await makeAccounts({ signup: "closed" });
  await closed.signUp(person("first@example.com"), page());
  await expect(closed.signUp(person("second@example.com"), page())).rejects.toMatchObject({ code: "signup_closed" });
});

test("where anyone may come, the first account needs the code from the log, and only the first", async () => {
  const { accounts: guarded, setupCode } = await makeAccounts({ setupCodeRequired: true });
  expect(await guarded.signUpState()).toEqual({ open: true, first: true, setupCodeRequired: true });
  await expect(guarded.signUp(person("thief@example.com"), page())).rejects.toMatchObject({ code: "setup_code_required" });
  const { user } = await guarded.signUp({ ...person("owner@example.com"), setupCode: await setupCode() }, page());
  expect(user.role).toBe("admin");
  expect((await guarded.signUp(person("guest@example.com"), page())).user.role).toBe("user");
});

test("a session token works as a bearer token", async () => {
  const response = await accounts.handleAuth(
    new Request(`${publicUrl}/api/auth/sign-up/email`, {
      method: "POST",
      headers: { "content-type": "application/json", origin: publicUrl },
      body: JSON.stringify(person("flo@example.com")),
    }),
  );
  const { token } = (await response.json()) as { token: string };
  expect(await accounts.findCaller(new Headers({ authorization: `Bearer ${token}` }))).toMatchObject({
    user: { email: "flo@example.com" },
    via: "token",
  });
});
