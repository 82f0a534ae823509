import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { createSearchClient, type SearchWorker } from "./search-client.ts";
import type { Answer, Question } from "./search.worker.ts";

const ask = (text: string): Question => ({
  files: { a: "x" },
  paths: ["a"],
  query: { text, isRegex: false, matchCase: false, wholeWord: false, replacement: null },
});
const found: Answer = { matches: [], isCut: false };

class FakeWorker implements SearchWorker {
  asked: string[] = [];
  ended = false;
  listeners: Record<string, (event: { data: Answer }) => void> = {};
  postMessage = ({ query }: Question): void => void this.asked.push(query.text);
  addEventListener = (type: string, listener: (event: { data: Answer }) => void): void => void (this.listeners[type] = listener);
  terminate = (): void => void (this.ended = true);
  answer = (data: Answer): void => this.listeners["message"]!({ data });
}

let workers: FakeWorker[];
const client = () =>
  createSearchClient(() => {
    const worker = new FakeWorker();
    workers.push(worker);
    return worker;
  });

const failureOf = (search: Promise<unknown>): Promise<string> =>
  search.then(
    () => "",
    (error: Error) => error.message,
  );

beforeEach(() => {
  vi.useFakeTimers();
  workers = [];
});
afterEach(() => vi.useRealTimers());

it("keeps its worker for the next question", async () => {
  const { search } = client();
  const first = search(ask("one"));
  workers[0]!.answer(found);
  expect(await first).toBe(found);
  void search(ask("two"));
  expect(workers.map(({ asked }) => asked)).toEqual([["one", "two"]]);
});

it("ends a worker that is busy with an older question, and answers the newer one only", async () => {
  const { search } = client();
  const settled: string[] = [];
  void search(ask("old")).finally(() => settled.push("old"));
  const newer = search(ask("new")).finally(() => settled.push("new"));
  expect(workers[0]!.ended).toBe(true);
  workers[0]!.answer({ matches: [], isCut: true });
  workers[1]!.answer(found);
  expect(await newer).toBe(found);
  expect(settled).toEqual(["new"]);
});

it("gives up an expression that never comes to an end, and goes on with a new worker", async () => {
  const { search } = client();
  const [failure] = await Promise.all([failureOf(search(ask("(a+)+$"))), vi.advanceTimersByTimeAsync(2_000)]);
  expect(failure).toBe("This takes too long: try a simpler expression.");
  expect(workers[0]!.ended).toBe(true);
  const next = search(ask("a"));
  workers[1]!.answer(found);
  expect(await next).toBe(found);
});

it("says so where workers cannot be started", async () => {
  const { search } = client();
  const failure = failureOf(search(ask("a")));
  workers[0]!.listeners["error"]!({ data: found });
  expect(await failure).toBe("The search could not be started in this browser.");
});
