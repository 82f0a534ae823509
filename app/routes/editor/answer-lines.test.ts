import { expect, test, vi } from "vitest";
import { createAnswerLines } from "./answer-lines.ts";

const head = (type: string) => ({ status: 200, headers: [["content-type", type]] as [string, string][], latencyMs: 3 });

async function linesOf(stream: ReadableStream<Uint8Array>): Promise<unknown[]> {
  const text = await new Response(stream).text();
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as unknown);
}

test("a stream of events is told at once: what came before the reader, what comes after, and its end", async () => {
  const lines = createAnswerLines(new AbortController().signal);
  lines.onHead(head("text/event-stream; charset=utf-8"));
  lines.onBytes(Buffer.from("data: 1\n\n"));
  expect(await lines.isSlow).toBe("slow");
  const ended = Promise.withResolvers<{ latencyMs: number; truncated: boolean }>();
  const told = linesOf(lines.stream(ended.promise));
  lines.onBytes(Buffer.from([255]));
  ended.resolve({ latencyMs: 9, truncated: true });
  expect(await told).toEqual([
    { type: "head", ...head("text/event-stream; charset=utf-8") },
    { type: "bytes", base64: Buffer.from("data: 1\n\n").toString("base64") },
    { type: "bytes", base64: "/w==" },
    { type: "end", latencyMs: 9, truncated: true },
  ]);
});

test("any other answer is told as it arrives only when it takes its time", async () => {
  vi.useFakeTimers();
  try {
    const lines = createAnswerLines(new AbortController().signal);
    const heard = vi.fn();
    void lines.isSlow.then(heard);
    lines.onHead(head("text/plain"));
    lines.onBytes(Buffer.from("a"));
    await vi.advanceTimersByTimeAsync(900);
    expect(heard).not.toHaveBeenCalled();
    expect(lines.takeWhole().toString()).toBe("a");
    await vi.advanceTimersByTimeAsync(5_000);
    expect(heard).not.toHaveBeenCalled();

    const slow = createAnswerLines(new AbortController().signal);
    slow.onHead(head("text/plain"));
    await vi.advanceTimersByTimeAsync(1_100);
    expect(await slow.isSlow).toBe("slow");
  } finally {
    vi.useRealTimers();
  }
});

test("a reader who leaves ends the request", async () => {
  const lines = createAnswerLines(new AbortController().signal);
  lines.onHead(head("text/event-stream"));
  const reader = lines.stream(new Promise(() => undefined)).getReader();
  await reader.read();
  expect(lines.signal.aborted).toBe(false);
  await reader.cancel();
  expect(lines.signal.aborted).toBe(true);
});
