/** JSON-RPC 2.0 over `postMessage`, as the language server's worker speaks it. Every request ends: answered, cancelled, late or closed. */

interface RpcError {
  code: number;
  message: string;
}
interface Message {
  id?: number | string;
  method?: string;
  params?: unknown;
  result?: unknown;
  error?: RpcError;
}

export interface RpcOptions {
  post(message: unknown): void;
  /** A request of the server's own; what it gives is the answer. */
  onRequest(method: string, params: unknown): unknown;
  /** A request was not answered in time: the worker hangs. */
  onSilence(): void;
}

export interface Rpc {
  /**
   * @param limitMs how long the answer may take; then `onSilence` is called too.
   * @throws Error when it is refused, cancelled, late, or the connection is closed.
   */
  request<Result>(method: string, params: unknown, options?: { signal?: AbortSignal; limitMs?: number }): Promise<Result>;
  notify(method: string, params: unknown): void;
  receive(message: unknown): void;
  /** Ends all requests. */
  close(): void;
}

/** The slowest seen was five seconds, on two busy cores. */
const answerLimitMs = 45_000;

export function createRpc({ post, onRequest, onSilence }: RpcOptions): Rpc {
  const waiting = new Map<number, { resolve(result: unknown): void; reject(error: Error): void }>();
  let next = 1;
  let closed = false;

  return {
    request<Result>(method: string, params: unknown, { signal, limitMs = answerLimitMs }: { signal?: AbortSignal; limitMs?: number } = {}) {
      const id = next++;
      const { promise, resolve, reject } = Promise.withResolvers<unknown>();
      if (closed || signal?.aborted) return Promise.reject<Result>(new Error(closed ? "closed" : "cancelled"));
      const timer = setTimeout(() => {
        waiting.delete(id);
        reject(new Error("no answer"));
        onSilence();
      }, limitMs);
      const cancel = () => {
        // Its answer, if one still comes, finds nobody.
        waiting.delete(id);
        post({ jsonrpc: "2.0", method: "$/cancelRequest", params: { id } });
        reject(new Error("cancelled"));
      };
      signal?.addEventListener("abort", cancel);
      waiting.set(id, { resolve, reject });
      post({ jsonrpc: "2.0", id, method, params });
      return promise.finally(() => {
        clearTimeout(timer);
        signal?.removeEventListener("abort", cancel);
      }) as Promise<Result>;
    },
    notify(method, params) {
      if (!closed) post({ jsonrpc: "2.0", method, params });
    },
    receive(received) {
      if (closed || typeof received !== "object" || received === null) return;
      const { id, method, params, result, error } = received as Message;
      if (method !== undefined) {
        if (id !== undefined) post({ jsonrpc: "2.0", id, result: onRequest(method, params) ?? null });
        return;
      }
      const asked = typeof id === "number" ? waiting.get(id) : undefined;
      if (asked === undefined) return;
      waiting.delete(id as number);
      if (error) asked.reject(new Error(error.message));
      else asked.resolve(result);
    },
    close() {
      closed = true;
      for (const { reject } of waiting.values()) reject(new Error("closed"));
      waiting.clear();
    },
  };
}
