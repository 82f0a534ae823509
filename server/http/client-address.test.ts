import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { getRequestListener } from "@hono/node-server";
import { afterAll, beforeAll, expect, test } from "vitest";
import { toPlainAddress } from "#server/gateway/trust.ts";
import { send } from "../../tests/http.ts";
import { stampClientAddress } from "./client-address.ts";

let trusted = (_address: string): boolean => false;
// As the platform's listener does it: the host is looked at before, which makes Node parse the headers.
const answer = getRequestListener(({ headers }) =>
  Response.json({
    get: headers.get("x-fp-client-ip"),
    other: headers.get("x-fp-instance"),
    all: [...headers].filter(([name]) => name.startsWith("x-fp-")),
  }),
);
const server = createServer((request, response) => {
  if (request.headers.host === undefined) throw new Error("no host");
  stampClientAddress(request, { header: "x-fp-client-ip", toPlainAddress, isTrusted: (address) => trusted(address) });
  void answer(request, response);
});
beforeAll(() => new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve)));
afterAll(() => new Promise((resolve) => server.close(resolve)));

const ask = async (headers: Record<string, string>) =>
  (await send((server.address() as AddressInfo).port, "localhost", "/", { headers })).json();

test("a visitor's address is the peer's, however it is read and whatever the visitor says of it", async () => {
  const expected = { get: "127.0.0.1", other: null, all: [["x-fp-client-ip", "127.0.0.1"]] };
  expect(await ask({})).toEqual(expected);
  expect(await ask({ "X-FP-Client-IP": "6.6.6.6", "x-fp-instance": "forged", "x-forwarded-for": "6.6.6.6" })).toEqual(expected);
});

test("a trusted proxy says whose it is, as far as proxies are trusted", async () => {
  trusted = (address) => address === "127.0.0.1" || address === "10.0.0.1";
  expect(await ask({ "x-forwarded-for": "6.6.6.6, 7.7.7.7, 10.0.0.1", "x-fp-client-ip": "8.8.8.8" })).toMatchObject({ get: "7.7.7.7" });
  trusted = () => false;
});
