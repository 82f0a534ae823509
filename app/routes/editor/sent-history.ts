/** What was sent to an app and what came back: kept in this tab's session, newest first, bounded in number and in bytes. Pure. */
import type { ProxyAnswer } from "#core/contract/request.ts";
import type { RequestDraft } from "./requests.ts";

/** What is kept of an answer, to be held against another. */
export interface KeptAnswer {
  status: number;
  headers: [string, string][];
  latencyMs: number;
  coldStartMs?: number | undefined;
  /** Null: bytes that are no text. */
  body: string | null;
  sizeBytes: number;
  /** The body went on. */
  cut: boolean;
}

/** A request that was sent, and what became of it. `answer` is null where none came, or where it was let go to stay within bounds. */
export interface Sent {
  at: string;
  request: RequestDraft;
  status: number | null;
  latencyMs: number | null;
  answer: KeptAnswer | null;
}

const keptRequests = 20;
/** Of the same request, where its answers differ. */
const keptOfOne = 3;
const keptBodyCharacters = 100_000;
/** A session storage has five million; other apps' panels need theirs. */
const keptCharacters = 1_000_000;

/** What is kept of an answer. `sizeBytes`: of its whole body. */
export function toKeptAnswer(
  { status, headers, latencyMs, coldStartMs, body, bodyEncoding, truncated }: ProxyAnswer,
  sizeBytes: number,
): KeptAnswer {
  return {
    status,
    headers,
    latencyMs,
    ...(coldStartMs === undefined ? {} : { coldStartMs }),
    body: bodyEncoding === "base64" ? null : body.slice(0, keptBodyCharacters),
    sizeBytes,
    cut: truncated || body.length > keptBodyCharacters,
  };
}

/** A file's content is no text, and says nothing in one. */
const toText = (value: unknown): string => JSON.stringify(value, (key, each: unknown) => (key === "content" ? undefined : each));

/** The history with one more. The same request with the same answer moves up; with others it stays, so that they can be compared. */
export function withSent(history: readonly Sent[], sent: Sent): Sent[] {
  const request = toText(sent.request);
  const outcome = ({ status, answer }: Sent) => `${status} ${answer?.body}`;
  let same = 1;
  const others = history.filter((other) => {
    if (toText(other.request) !== request) return true;
    if (outcome(other) === outcome(sent)) return false;
    same += 1;
    return same <= keptOfOne;
  });
  return bounded([sent, ...others]);
}

/** As much of a history as is kept: old answers are let go first, then old requests. */
export function bounded(history: readonly Sent[]): Sent[] {
  const kept: Sent[] = [];
  let left = keptCharacters;
  for (const sent of history.slice(0, keptRequests)) {
    const without = toText({ ...sent, answer: null }).length;
    const whole = toText(sent).length;
    if (whole <= left) kept.push(sent);
    else if (without <= left) kept.push({ ...sent, answer: null });
    else break;
    left -= whole <= left ? whole : without;
  }
  return kept;
}

/** The history as the session stores it: without the content of chosen files. */
export const toStoredHistory = (history: readonly Sent[]): string => toText(history);
