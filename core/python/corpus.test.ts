/** Holds the checks to CPython: the same verdict on syntax, the same imports, for real code and for generated code. */
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { createSyntaxChecker } from "#server/python-syntax.ts";
import { findImports } from "./imports.ts";
import { parsePython } from "./source.ts";
import type { SyntaxErrors } from "./syntax.ts";

interface Reference {
  ok: boolean;
  line: number | null;
  message: string;
  imports: [number, string, string | null, string | null, number][];
}

const python = process.env.PYTHON ?? "python3";
const askPython = (program: string, input = "") =>
  execFileSync(python, ["-I", "-c", program], { input, encoding: "utf8", maxBuffer: 1e9 }).trim();
const askReference = (sources: readonly string[]) =>
  JSON.parse(
    execFileSync(python, ["-I", join(import.meta.dirname, "corpus-reference.py")], {
      input: JSON.stringify(sources),
      encoding: "utf8",
      maxBuffer: 1e9,
    }),
  ) as Reference[];

let syntaxErrors: SyntaxErrors;
let library: string;
beforeAll(() => {
  syntaxErrors = createSyntaxChecker(askPython("import sys; print('%d.%d' % sys.version_info[:2])"));
  library = askPython("import sysconfig; print(sysconfig.get_path('stdlib'))");
});

const importsOf = (source: string) =>
  findImports(parsePython("app.py", source)).map(({ level, module, name, alias }) => [level, module, name, alias]);

function expectAgreement(names: readonly string[], sources: readonly string[]): void {
  const reference = askReference(sources);
  const differences = sources.flatMap((source, i): unknown[] => {
    const { ok, message, imports } = reference[i]!;
    const faults = syntaxErrors(source);
    if ((faults.length === 0) !== ok) return [{ name: names[i], CPython: ok ? "compiles" : message, here: faults }];
    if (!ok) return [];
    const theirs = imports.map((entry) => entry.slice(0, 4));
    return JSON.stringify(importsOf(source)) === JSON.stringify(theirs)
      ? []
      : [{ name: names[i], CPython: theirs, here: importsOf(source) }];
  });
  expect(differences).toEqual([]);
}

describe("the standard library", () => {
  test("400 of its files: same imports, same syntax", () => {
    const all = readdirSync(library, { recursive: true, encoding: "utf8" }).filter(
      (path) => path.endsWith(".py") && !/(site|dist)-packages/.test(path),
    );
    const sources = new Map<string, string>();
    // Every n-th of a sorted list: the same sample each time, spread over all packages.
    const every = Math.max(1, all.length / 400);
    for (let i = 0; i < all.length; i += every) {
      const path = all.sort()[Math.floor(i)]!;
      try {
        sources.set(path, new TextDecoder("utf-8", { fatal: true }).decode(readFileSync(join(library, path))));
      } catch {
        // A few test files of CPython are in other encodings on purpose; a bundle's files are always UTF-8.
      }
    }
    expect(sources.size).toBeGreaterThan(300);
    expectAgreement([...sources.keys()], [...sources.values()]);
  }, 60_000);
});

describe("generated code", () => {
  const name = fc.constantFrom("a", "b", "match", "case", "type", "_", "été", "os", "x1", "print");
  const dotted = fc.array(name, { minLength: 1, maxLength: 3 }).map((parts) => parts.join("."));
  const alias = fc.option(name, { nil: null });
  const named = (what: fc.Arbitrary<string>) => fc.tuple(what, alias).map(([thing, as]) => (as === null ? thing : `${thing} as ${as}`));
  const dots = fc.integer({ min: 0, max: 7 }).map((count) => ".".repeat(count));
  const plain = fc.array(named(dotted), { minLength: 1, maxLength: 3 }).map((list) => `import ${list.join(", ")}`);
  const from = fc
    .tuple(
      dots,
      fc.option(dotted, { nil: "" }),
      fc.array(named(name), { minLength: 1, maxLength: 3 }),
      fc.constantFrom("plain", "brackets", "lines", "star"),
    )
    .filter(([level, module]) => level !== "" || module !== "")
    .map(([level, module, list, form]) => {
      const names = { plain: list.join(", "), brackets: `(${list.join(", ")},)`, lines: `(\n  ${list.join(", # why\n  ")}\n)`, star: "*" }[
        form
      ];
      return { text: `from ${level}${module} import ${names}`, star: form === "star" };
    });
  const statement = fc.oneof(
    plain.map((text) => ({ text, star: false })),
    from,
  );
  const block = fc.tuple(
    statement,
    fc.constantFrom(
      "",
      "if x:\n",
      "def f():\n",
      "async def f():\n",
      "class A:\n",
      "with (\n  open('a') as f,\n  g() as (h, i),\n):\n",
      "for x in y:\n",
      "try:\n  pass\nexcept* E:\n",
      "with a as (b, c):\n",
    ),
  );
  const program = fc.array(block, { minLength: 1, maxLength: 6 }).map(
    (blocks) =>
      blocks
        .map(([{ text, star }, head]) =>
          head === "" || (star && head.includes("def")) || (star && head.includes("class"))
            ? text
            : `${head}${text
                .split("\n")
                .map((line) => `    ${line}`)
                .join("\n")}`,
        )
        .join("\n") + "\n",
  );

  test("imports in every spelling and in every block", () => {
    const programs = fc.sample(program, { seed: 20_260, numRuns: 500 });
    expectAgreement(programs, programs);
  });

  test("valid code that was broken by a cut: same verdict", () => {
    const parts = [
      "def f(a, *, b=1):\n    return a\n",
      "x = [i for i in range(3)]\n",
      "class A(B):\n    y: int = 1\n",
      "async def g():\n    async with a as b:\n        await b\n",
      "try:\n    pass\nfinally:\n    z = {'a': (1, 2)}\n",
      "print(f'{x!r:>10}', \"s\")\n",
      "lambda q: q + 1\n",
      "while True:\n    break\n",
    ];
    const cut = fc
      .tuple(fc.array(fc.constantFrom(...parts), { minLength: 1, maxLength: 4 }), fc.nat(), fc.integer({ min: 1, max: 4 }))
      .map(([list, at, length]) => {
        const text = list.join("");
        const start = at % text.length;
        return text.slice(0, start) + text.slice(start + length);
      });
    const programs = fc.sample(cut, { seed: 7, numRuns: 1_000 });
    expectAgreement(programs, programs);
  });
});
