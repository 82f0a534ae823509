/**
 * Short messages in the corner. `toast()` may be called from anywhere in the browser; what draws them is loaded with the first one,
 * so that pages that never say anything do not carry it.
 */
import { lazy, Suspense, useSyncExternalStore } from "react";

export interface ToastMessage {
  title: string;
  description?: string;
  type?: "info" | "success" | "error";
  /** One thing to do about it, such as Undo. */
  action?: { label: string; onClick: () => void };
  /** ms until it goes by itself; 0 keeps it. Errors stay twice as long. */
  timeoutMs?: number;
}

type Sink = (message: ToastMessage) => void;
const waiting: ToastMessage[] = [];
const listeners = new Set<() => void>();
let sink: Sink | null = null;
let wanted = false;

/** Shows a message. */
export function toast(message: ToastMessage): void {
  if (sink) return sink(message);
  waiting.push(message);
  wanted = true;
  for (const listener of listeners) listener();
}

/** For the toaster: takes what has waited and everything that follows. Answers how to let go. */
export function connectToaster(next: Sink): () => void {
  sink = next;
  for (const message of waiting.splice(0)) next(message);
  return () => {
    if (sink === next) sink = null;
  };
}

const Toaster = lazy(() => import("./toaster.tsx").then((module) => ({ default: module.Toaster })));
const subscribe = (listener: () => void) => {
  listeners.add(listener);
  return () => void listeners.delete(listener);
};

/** Stands once, in the root. */
export function ToastHost() {
  const shown = useSyncExternalStore(
    subscribe,
    () => wanted,
    () => false,
  );
  return shown ? (
    <Suspense fallback={null}>
      <Toaster />
    </Suspense>
  ) : null;
}
