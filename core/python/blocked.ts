/**
 * Calls that work badly, or not at all, in an app here: advice to its author, with the reason. Nothing is kept from running by
 * this; the sandbox is what protects.
 */
import type { SyntaxNode } from "@lezer/common";
import type { SourceProblem } from "../contract/problem.ts";
import { qualifiedName, type ModuleNames } from "./names.ts";
import { problemAt, textOf } from "./source.ts";

const process =
  "An app runs in a sandbox without other programs, and with few processes; starting one usually fails. Use a Python package instead.";
const ending = "It ends the whole app, not one request. Raise an exception instead.";
const evaluation =
  "It runs text as code: text that came from a request could do anything the app can. Parse the text instead (json, ast.literal_eval).";
const unpickling = "Loading a pickle runs code that is inside it. Only do it with data that this app itself wrote; JSON is safer.";
const serving =
  'The platform serves the app itself; starting a server while the app is loaded never returns, and the deployment fails. Put it under if __name__ == "__main__":.';

/** Reason by full name. A name that ends with a dot stands for everything below it. */
const reasons: ReadonlyMap<string, string> = new Map([
  ...["eval", "exec", "builtins.eval", "builtins.exec"].map((name): [string, string] => [name, evaluation]),
  ...["compile", "builtins.compile"].map((name): [string, string] => [name, evaluation]),
  ["__import__", "It hides an import from the checks and from readers. Use import, or importlib.import_module."],
  ...["os.system", "os.popen", "os.fork", "os.forkpty", "os.posix_spawn", "os.startfile", "pty.", "subprocess."].map(
    (name): [string, string] => [name, process],
  ),
  ...["asyncio.create_subprocess_exec", "asyncio.create_subprocess_shell", "commands."].map((name): [string, string] => [name, process]),
  ...["os._exit", "os.abort", "os.kill", "os.killpg"].map((name): [string, string] => [name, ending]),
  ...["pickle.loads", "pickle.load", "marshal.loads", "shelve.open"].map((name): [string, string] => [name, unpickling]),
]);
const processFamilies = ["os.exec", "os.spawn"];
/** Only where they run while the app is loaded. */
const serverCalls: ReadonlySet<string> = new Set(["uvicorn.run", "hypercorn.run"]);

function reasonFor(name: string): string | undefined {
  if (processFamilies.some((family) => name.startsWith(family))) return process;
  return reasons.get(name) ?? reasons.get(`${name.split(".")[0]}.`);
}

/** Warnings for the calls of one file. */
export function findBlockedCalls(module: ModuleNames): SourceProblem[] {
  const problems: SourceProblem[] = [];
  module.source.tree.iterate({
    enter: (ref) => {
      if (ref.name !== "CallExpression" || ref.node.firstChild === null) return;
      const callee = ref.node.firstChild;
      const name = qualifiedName(module, callee);
      if (name === null) return;
      const reason = serverCalls.has(name) && runsAtLoad(module, ref.node) ? serving : reasonFor(name);
      if (reason !== undefined)
        problems.push(problemAt(module.source, callee, "warning", "blocked_pattern", `${name}() is discouraged here. ${reason}`));
    },
  });
  return problems;
}

/** Neither inside a function nor under a test of `__name__`. */
function runsAtLoad(module: ModuleNames, call: SyntaxNode): boolean {
  for (let node: SyntaxNode | null = call.parent; node !== null; node = node.parent) {
    if (node.name === "FunctionDefinition" || node.name === "LambdaExpression") return false;
    if (
      node.name === "IfStatement" &&
      textOf(module.source, { from: node.from, to: node.getChild("Body")?.from ?? node.to }).includes("__name__")
    )
      return false;
  }
  return true;
}
