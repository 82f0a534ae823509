import fc from "fast-check";
import { expect, it } from "vitest";
import { initialState, nextAppState, type AppEffect, type AppEvent } from "./app-state.ts";

const run = (...events: AppEvent[]) => {
  let state = initialState;
  const effects: AppEffect[] = [];
  for (const event of events) {
    const step = nextAppState(state, event);
    state = step.state;
    effects.push(...step.effects);
  }
  return { state, effects };
};

it("starts one wake for two who ask", () => {
  expect(run({ type: "wakeAsked" }, { type: "wakeAsked" }).effects).toEqual([{ type: "start", wake: 1 }]);
});

it("drops the result of a wake that a deployment has overtaken", () => {
  const { state, effects } = run({ type: "wakeAsked" }, { type: "deployed", instance: "new" }, { type: "woken", wake: 1, instance: "old" });
  expect(state.serving).toBe("new");
  expect(effects).toEqual([
    { type: "start", wake: 1 },
    { type: "abortWake", wake: 1 },
    { type: "announce", what: "awake" },
    { type: "discard", instance: "old" },
  ]);
});

it("does not sleep while a request is in flight or someone waits for a wake", () => {
  expect(run({ type: "deployed", instance: "a" }, { type: "sleepAsked", inFlight: 1, force: false }).effects.at(-1)).toEqual({
    type: "refuse",
  });
  expect(run({ type: "wakeAsked" }, { type: "sleepAsked", inFlight: 0, force: false }).effects.at(-1)).toEqual({ type: "refuse" });
});

it("tells a death from an end that was asked for", () => {
  const died = run({ type: "deployed", instance: "a" }, { type: "ended", instance: "a" });
  expect(died.effects.at(-1)).toEqual({ type: "announce", what: "died" });
  const asked = run(
    { type: "deployed", instance: "a" },
    { type: "sleepAsked", inFlight: 0, force: false },
    { type: "ended", instance: "a" },
  );
  expect(asked.effects.at(-1)).toEqual({ type: "announce", what: "asleep" });
  expect(asked.state.ending).toEqual([]);
});

it("never loses an instance, whatever happens in whatever order", () => {
  const step = fc.constantFrom("wake", "finish", "fail", "deploy", "sleep", "force", "end", "remove");
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      let state = initialState;
      let count = 0;
      const flights: number[] = [];
      const alive = new Set<string>();
      const stopping = new Set<string>();
      const feed = (event: AppEvent) => {
        const next = nextAppState(state, event);
        state = next.state;
        for (const effect of next.effects) {
          if (effect.type === "start") flights.push(effect.wake);
          if (effect.type === "drain" || effect.type === "discard") stopping.add(effect.instance);
        }
      };
      const made = () => {
        const instance = `i${count++}`;
        alive.add(instance);
        return instance;
      };
      for (const name of steps) {
        const flight = flights[0];
        if (name === "wake") feed({ type: "wakeAsked" });
        if (name === "finish" && flight !== undefined) feed({ type: "woken", wake: flights.shift()!, instance: made() });
        if (name === "fail" && flight !== undefined) feed({ type: "wakeFailed", wake: flights.shift()! });
        if (name === "deploy") feed({ type: "deployed", instance: made() });
        if (name === "sleep" || name === "force") feed({ type: "sleepAsked", inFlight: 1, force: name === "force" });
        if (name === "remove") feed({ type: "removed" });
        const [first] = alive;
        if (name === "end" && first !== undefined) {
          feed({ type: "ended", instance: first });
          alive.delete(first);
        }
        for (const instance of alive) expect(instance === state.serving || stopping.has(instance)).toBe(true);
        if (state.serving !== null) expect(alive.has(state.serving) && !stopping.has(state.serving)).toBe(true);
      }
    }),
  );
});
