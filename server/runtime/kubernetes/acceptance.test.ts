import { once } from "node:events";
import { createServer, type AddressInfo, type Server } from "node:net";
import { afterEach, expect, it } from "vitest";
import { waitFor, waitForStill } from "../../../tests/wait.ts";
import { createAcceptance, type Acceptance } from "./acceptance.ts";
import { makePod } from "./views.test-part.ts";

const pod = makePod({ ip: "127.0.0.1" });
let acceptance: Acceptance;
let server: Server | undefined;
let dials: number;
afterEach(async () => {
  acceptance.close();
  if (server?.listening) await new Promise((resolve) => server!.close(resolve));
});

async function listen(port = 0): Promise<number> {
  dials = 0;
  server = createServer((socket) => {
    dials += 1;
    socket.on("error", () => {}).destroy();
  }).listen(port, "127.0.0.1");
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}
/** A port at which nothing listens. */
async function findClosedPort(): Promise<number> {
  const port = await listen();
  await new Promise((resolve) => server!.close(resolve));
  return port;
}

it("tells once when a pod accepts, however often it is seen, and asks it no more", async () => {
  const port = await listen();
  const accepted: string[] = [];
  acceptance = createAcceptance(port, ({ name }) => accepted.push(name));
  for (let times = 0; times < 3; times += 1) acceptance.watch([pod]);
  expect(acceptance.has(pod)).toBe(false);
  await waitFor("its word", () => accepted.length > 0);
  acceptance.watch([pod]);
  await waitForStill("connections", () => dials);
  expect([accepted, dials]).toEqual([["p1"], 1]);
  expect(acceptance.has(pod)).toBe(true);
});

it("tries again while a pod refuses: it listens a moment after it got its address", async () => {
  const port = await findClosedPort();
  let accepted = 0;
  acceptance = createAcceptance(port, () => (accepted += 1));
  acceptance.watch([pod]);
  await listen(port);
  await waitFor("its word", () => accepted === 1);
});

it("knows nothing of another pod at the same address", async () => {
  acceptance = createAcceptance(await listen(), () => {});
  acceptance.note(pod);
  expect(acceptance.has({ ...pod, uid: "next" })).toBe(false);
});

it("does not dial who has answered already, has no address, or was forgotten", async () => {
  const port = await findClosedPort();
  let accepted = 0;
  acceptance = createAcceptance(port, () => (accepted += 1));
  acceptance.watch([makePod({ name: "nowhere", ip: null }), pod]);
  acceptance.note(pod);
  acceptance.watch([pod, { ...pod, uid: "gone" }]);
  acceptance.forget("gone");
  await listen(port);
  await waitForStill("connections", () => dials);
  expect([dials, accepted]).toEqual([0, 0]);
  acceptance.forget(pod.uid);
  expect(acceptance.has(pod)).toBe(false);
  acceptance.watch([pod]);
  await waitFor("its word, since it was watched anew", () => accepted === 1);
});

it("is silent once it is closed", async () => {
  const port = await findClosedPort();
  let accepted = 0;
  acceptance = createAcceptance(port, () => (accepted += 1));
  acceptance.watch([pod]);
  acceptance.close();
  await listen(port);
  await waitForStill("connections", () => dials);
  expect([dials, accepted]).toEqual([0, 0]);
});
