/**
 * Python's syntax errors, by ruff compiled to WebAssembly: the same judge as in the browser's editor. Loads once per process
 * (about 100 ms, 11 MB of code) when it is first asked.
 */
import { readFileSync } from "node:fs";
import { initSync, PositionEncoding, Workspace } from "@astral-sh/ruff-wasm-web";
import { ruffOptions, toSyntaxErrors, type SyntaxErrors } from "#core/python/syntax.ts";

let workspaces: Map<string, Workspace> | null = null;

function workspaceFor(pythonVersion: string): Workspace {
  if (workspaces === null) {
    const wasm = readFileSync(new URL(import.meta.resolve("@astral-sh/ruff-wasm-web/ruff_wasm_bg.wasm")));
    initSync({ module: new WebAssembly.Module(wasm) });
    workspaces = new Map();
  }
  let workspace = workspaces.get(pythonVersion);
  if (workspace === undefined) {
    workspace = new Workspace(ruffOptions(pythonVersion), PositionEncoding.Utf16);
    workspaces.set(pythonVersion, workspace);
  }
  return workspace;
}

/**
 * A function that finds the syntax errors of a source, for `checkPython`.
 * @param pythonVersion `3.11` and so on: the version that runs the apps. Newer syntax is then an error with its place.
 */
export function createSyntaxChecker(pythonVersion: string): SyntaxErrors {
  return (source) => toSyntaxErrors(() => workspaceFor(pythonVersion).check(source), source);
}
