import { join } from "node:path";
import { Script } from "node:vm";
import { expect, test } from "vitest";
import { buildWorker, slimWorker } from "./pyright-worker.ts";

const bundle = (typeshed: string) => `(()=>{var m={1(e){e.exports={${typeshed}}},2(){return 1}};run(m)})();\n//# sourceMappingURL=x.js.map`;
const entries = [
  `"/typeshed/LICENSE":'it\\'s "free"'`,
  `"/typeshed/stubs/PyYAML/yaml/__init__.pyi":"a: int\\n"`,
  `"/typeshed/stubs/zmq/zmq.pyi":'}},"\\\\'`,
  `"/typeshed/stdlib/os.pyi":"x = '}'"`,
].join(",");

test("stubs of packages that nobody can import are cut, and nothing else changes", () => {
  const slim = slimWorker(bundle(entries), new Set(["pyyaml"]));
  expect([slim.cut, slim.kept]).toEqual([1, 3]);
  const context: { typeshed?: Record<string, string> } = {};
  const run = (modules: Record<number, (module: object) => void>) => {
    const module: { exports?: Record<string, string> } = {};
    modules[1]!(module);
    context.typeshed = module.exports!;
  };
  // The same code, run: what is left are the same texts.
  new Script(`(run, self) => {${slim.source}}`).runInThisContext()(run, {});
  expect(context.typeshed).toEqual({
    "/typeshed/LICENSE": `it's "free"`,
    "/typeshed/stubs/PyYAML/yaml/__init__.pyi": "a: int\n",
    "/typeshed/stdlib/os.pyi": "x = '}'",
  });
  expect(slim.source).not.toContain("sourceMappingURL");
});

test("a worker that is built another way stops the build, with where it differs", () => {
  expect(() => slimWorker("nothing", new Set())).toThrow("typeshed is not where it was");
  expect(() => slimWorker(bundle(entries) + bundle(entries), new Set())).toThrow("typeshed is not where it was");
  expect(() => slimWorker(bundle(`${entries},"/typeshed/x":zip("…")`), new Set())).toThrow("no plain object of strings any more");
  expect(() => slimWorker(bundle(entries), new Set(["requests"]))).toThrow("no stubs of requests");
});

test("the pinned version is cut to less than half, and is a script", async () => {
  const source = await buildWorker(join(import.meta.dirname, ".."));
  expect(source.length).toBeLessThan(8_000_000);
  expect(source).toContain('"/typeshed/stdlib/builtins.pyi"');
  expect(source).toContain('"/typeshed/stubs/python-jose/');
  expect(source).not.toContain('"/typeshed/stubs/zmq/');
  expect(() => new Script(source)).not.toThrow();
}, 30_000);
