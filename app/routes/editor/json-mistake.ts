/** Where a text stops being JSON, and why: browsers' own words differ, and not all of them say the place. Pure. */

export interface JsonMistake {
  /** Counts from 0. */
  at: number;
  line: number;
  column: number;
  message: string;
}

/** Null when the text is JSON. */
export function findJsonMistake(text: string): JsonMistake | null {
  try {
    JSON.parse(text);
    return null;
  } catch {
    const { at, message } = scan(text);
    const before = text.slice(0, at);
    return { at, message, line: before.split("\n").length, column: at - before.lastIndexOf("\n") };
  }
}

class Mistake {
  readonly at: number;
  readonly message: string;
  constructor(at: number, message: string) {
    this.at = at;
    this.message = message;
  }
}

const scalar = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y;
const space = /[ \t\n\r]*/y;

function scan(text: string): Mistake {
  let at = 0;
  const skip = () => {
    space.lastIndex = at;
    space.test(text);
    at = space.lastIndex;
  };
  const fail = (message: string, where = at): never => {
    throw new Mistake(where, where >= text.length ? "It ends too early." : message);
  };
  const readString = () => {
    const from = at;
    for (at += 1; text[at] !== '"'; at += 1) {
      const code = text.charCodeAt(at);
      if (at >= text.length || text[at] === "\n") fail("This text has no closing quote.", from);
      else if (code < 32) fail("A tab or control character in a text is written as \\t or \\u0000.");
      else if (text[at] === "\\") {
        const escape = /^\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/.exec(text.slice(at, at + 6))?.[0];
        if (escape === undefined) fail("A backslash in a text is written twice: \\\\.");
        else at += escape.length - 1;
      }
    }
    at += 1;
  };
  // Open lists and objects; recursion would end at a few thousand.
  const open: ("[" | "{")[] = [];
  const readName = () => {
    skip();
    if (text[at] === "}") return fail("There is a comma too many before this.");
    if (text[at] !== '"') return fail("A name in double quotes belongs here.");
    readString();
    skip();
    if (text[at] !== ":") return fail("A colon belongs here, after the name.");
    at += 1;
  };
  const readValue = (): boolean => {
    skip();
    const first = text[at];
    if (first === "{" || first === "[") {
      at += 1;
      skip();
      if (text[at] === (first === "{" ? "}" : "]")) at += 1;
      else {
        open.push(first);
        if (first === "{") readName();
        return true;
      }
    } else if (first === '"') readString();
    else {
      scalar.lastIndex = at;
      if (!scalar.test(text)) fail(wordsFor(text.slice(at, at + 8), text.slice(0, at).trimEnd().endsWith(",")));
      at = scalar.lastIndex;
    }
    return false;
  };
  try {
    for (;;) {
      while (readValue());
      for (;;) {
        skip();
        const inside = open.at(-1);
        if (inside === undefined) return new Mistake(at, "The value ends before this.");
        const close = inside === "{" ? "}" : "]";
        if (text[at] === ",") {
          at += 1;
          if (inside === "{") readName();
          break;
        }
        if (text[at] !== close) fail(`A comma or ${close} belongs here.`);
        at += 1;
        open.pop();
      }
    }
  } catch (thrown) {
    if (thrown instanceof Mistake) return thrown;
    throw thrown;
  }
}

function wordsFor(rest: string, afterComma: boolean): string {
  if (afterComma && rest.startsWith("]")) return "There is a comma too many before this.";
  if (rest.startsWith("'")) return "Texts stand in double quotes.";
  if (/^(True|False|None)/.test(rest)) return "This is Python: JSON says true, false and null.";
  if (/^[/#]/.test(rest)) return "JSON has no comments.";
  return "A value belongs here.";
}
