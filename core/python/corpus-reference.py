"""What CPython itself says about Python files: the reference that core/python is held to.

Reads a JSON list of sources from standard input; writes one JSON object for each: whether it compiles, and its imports as
[level, module, name, alias, line] in source order.
"""

import ast
import json
import sys
import warnings


def imports_of(tree: ast.AST) -> list[list[object]]:
    found: list[list[object]] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [[0, alias.name, None, alias.asname, node.lineno, node.col_offset] for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            found += [[node.level, node.module or "", alias.name, alias.asname, node.lineno, node.col_offset] for alias in node.names]
    found.sort(key=lambda item: (item[4], item[5]))
    return [item[:5] for item in found]


def judge(source: str) -> dict[str, object]:
    try:
        tree = ast.parse(source)
        compile(source, "app.py", "exec", dont_inherit=True)
    except (SyntaxError, ValueError) as error:
        return {"ok": False, "line": getattr(error, "lineno", None), "message": str(error), "imports": []}
    return {"ok": True, "line": None, "message": "", "imports": imports_of(tree)}


warnings.simplefilter("ignore")
json.dump([judge(source) for source in json.load(sys.stdin)], sys.stdout)
