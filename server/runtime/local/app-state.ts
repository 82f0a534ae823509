/**
 * What one app is doing, as a pure state machine: state and event in, next state and effects out. The runtime executes the effects.
 * Holds: at most one instance serves; every instance that was ever handed in either serves, or was told to drain or discarded,
 * or has ended; at most one wake is under way.
 */

export interface AppState {
  /** The instance that gets requests. */
  readonly serving: string | null;
  /** Number of the wake under way. */
  readonly wake: number | null;
  /** Put to sleep and not ended yet: the next wake waits for it, so that an app never runs twice for having slept. */
  readonly ending: readonly string[];
  /** Numbers wakes, so that a result that came too late is known as such. */
  readonly wakes: number;
  readonly removed: boolean;
}

export type AppEvent =
  | { type: "wakeAsked" }
  | { type: "woken"; wake: number; instance: string }
  | { type: "wakeFailed"; wake: number }
  | { type: "deployed"; instance: string }
  | { type: "sleepAsked"; inFlight: number; force: boolean }
  | { type: "ended"; instance: string }
  | { type: "removed" };

export type AppEffect =
  | { type: "start"; wake: number }
  | { type: "abortWake"; wake: number }
  /** Let its requests finish, then stop it. */
  | { type: "drain"; instance: string }
  /** Stop it at once: it never had a request. */
  | { type: "discard"; instance: string }
  | { type: "announce"; what: "awake" | "asleep" | "died" }
  | { type: "refuse" };

export const initialState: AppState = { serving: null, wake: null, ending: [], wakes: 0, removed: false };

type Step = { state: AppState; effects: AppEffect[] };

const stay = (state: AppState): Step => ({ state, effects: [] });

/** The one place that decides what happens to an app. */
export function nextAppState(state: AppState, event: AppEvent): Step {
  switch (event.type) {
    case "wakeAsked": {
      if (state.serving !== null || state.wake !== null || state.removed) return stay(state);
      const wake = state.wakes + 1;
      return { state: { ...state, wake, wakes: wake }, effects: [{ type: "start", wake }] };
    }
    case "woken":
      if (state.wake !== event.wake) return { state, effects: [{ type: "discard", instance: event.instance }] };
      return { state: { ...state, wake: null, serving: event.instance }, effects: [{ type: "announce", what: "awake" }] };
    case "wakeFailed":
      return state.wake === event.wake ? stay({ ...state, wake: null }) : stay(state);
    case "deployed":
      return deployed(state, event.instance);
    case "sleepAsked":
      return sleepAsked(state, event.inFlight, event.force);
    case "ended": {
      const ending = state.ending.filter((instance) => instance !== event.instance);
      if (state.serving !== event.instance) return stay({ ...state, ending });
      return { state: { ...state, ending, serving: null }, effects: [{ type: "announce", what: "died" }] };
    }
    case "removed": {
      const effects: AppEffect[] = state.wake === null ? [] : [{ type: "abortWake", wake: state.wake }];
      if (state.serving !== null) effects.push({ type: "drain", instance: state.serving }, { type: "announce", what: "asleep" });
      return { state: { ...state, serving: null, wake: null, removed: true }, effects };
    }
  }
}

function deployed(state: AppState, instance: string): Step {
  if (state.removed) return { state, effects: [{ type: "discard", instance }] };
  const effects: AppEffect[] = [];
  // A wake under way loads the version before this one: nobody may get it any more.
  if (state.wake !== null) effects.push({ type: "abortWake", wake: state.wake });
  if (state.serving === null) effects.push({ type: "announce", what: "awake" });
  else effects.push({ type: "drain", instance: state.serving });
  return { state: { ...state, wake: null, serving: instance }, effects };
}

function sleepAsked(state: AppState, inFlight: number, force: boolean): Step {
  if (state.wake !== null) {
    // Someone waits for this wake: that is a request in flight.
    if (!force) return { state, effects: [{ type: "refuse" }] };
    return { state: { ...state, wake: null }, effects: [{ type: "abortWake", wake: state.wake }] };
  }
  if (state.serving === null) return stay(state);
  if (inFlight > 0 && !force) return { state, effects: [{ type: "refuse" }] };
  const instance = state.serving;
  return {
    state: { ...state, serving: null, ending: [...state.ending, instance] },
    effects: [
      { type: "drain", instance },
      { type: "announce", what: "asleep" },
    ],
  };
}
