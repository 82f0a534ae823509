/**
 * Makes source readable for the grammar where it lags behind Python: `with (open(a) as b, c):` and `with a as (b, c):`.
 * The brackets, and the line breaks between them, become spaces, so every offset stays what it was.
 */

export interface Token {
  kind: "word" | "open" | "close" | "other";
  text: string;
  from: number;
  to: number;
}

/** Prefixes of string literals, in lower case. */
const stringPrefixes: ReadonlySet<string> = new Set(["r", "u", "b", "f", "t", "br", "rb", "fr", "rf", "tr", "rt"]);
const isWordCharacter = (character: string) => /[\p{L}\p{N}\p{M}_]/u.test(character);

/** The index behind the string literal whose quote is at `at`. Inside an f-string's braces quotes may be reused, which this does not follow. */
function stringEnd(text: string, at: number): number {
  const quote = text[at]!;
  const triple = text.startsWith(quote.repeat(3), at);
  const close = triple ? quote.repeat(3) : quote;
  for (let i = at + close.length; i < text.length; i += 1) {
    if (text[i] === "\\") i += 1;
    else if (text.startsWith(close, i)) return i + close.length;
    else if (!triple && text[i] === "\n") return i;
  }
  return text.length;
}

/** Words, brackets and the rest, without strings' content and comments. */
export function* tokens(text: string): Generator<Token> {
  for (let i = 0; i < text.length;) {
    const character = text[i]!;
    if (character === "#") {
      const end = text.indexOf("\n", i);
      i = end < 0 ? text.length : end;
    } else if (character === '"' || character === "'") {
      const end = stringEnd(text, i);
      yield { kind: "other", text: "", from: i, to: end };
      i = end;
    } else if (isWordCharacter(character)) {
      let end = i + 1;
      while (end < text.length && isWordCharacter(text[end]!)) end += 1;
      const word = text.slice(i, end);
      const isPrefix = (text[end] === '"' || text[end] === "'") && stringPrefixes.has(word.toLowerCase());
      if (!isPrefix) yield { kind: "word", text: word, from: i, to: end };
      i = end;
    } else {
      if ("([{".includes(character)) yield { kind: "open", text: character, from: i, to: i + 1 };
      else if (")]}".includes(character)) yield { kind: "close", text: character, from: i, to: i + 1 };
      else if (!/\s/.test(character)) yield { kind: "other", text: character, from: i, to: i + 1 };
      i += 1;
    }
  }
}

/** `text` with those brackets masked; the same length. */
export function maskUnsupported(text: string): string {
  const all = [...tokens(text)];
  const closes = matchBrackets(all);
  const masked = new Set<number>();
  all.forEach((token, index) => {
    const close = closes.get(index);
    if (token.text !== "(" || close === undefined) return;
    const before = all[index - 1];
    const after = all[close + 1]?.text;
    const isItems = before?.text === "with" && after === ":" && hasTopLevelAs(all, index, close);
    const isTarget = before?.text === "as" && (after === ":" || after === "," || after === ")");
    if (!isItems && !isTarget) return;
    masked.add(token.from).add(all[close]!.from);
    // A comma before the closing bracket would be left over, and so would a comment, which ends at a line break that goes.
    if (all[close - 1]?.text === ",") masked.add(all[close - 1]!.from);
    for (let i = index; i < close; i += 1) for (let at = all[i]!.to; at < all[i + 1]!.from; at += 1) masked.add(at);
  });
  if (masked.size === 0) return text;
  return Array.from({ length: text.length }, (_, at) => (masked.has(at) ? " " : text[at])).join("");
}

function matchBrackets(all: readonly Token[]): Map<number, number> {
  const closes = new Map<number, number>();
  const open: number[] = [];
  all.forEach((token, index) => {
    if (token.kind === "open") open.push(index);
    if (token.kind !== "close") return;
    const start = open.pop();
    if (start !== undefined) closes.set(start, index);
  });
  return closes;
}

function hasTopLevelAs(all: readonly Token[], open: number, close: number): boolean {
  let depth = 0;
  for (let i = open + 1; i < close; i += 1) {
    const token = all[i]!;
    if (token.kind === "open") depth += 1;
    else if (token.kind === "close") depth -= 1;
    else if (depth === 0 && token.text === "as") return true;
  }
  // Without `as` it is a tuple or a plain expression, which the grammar knows.
  return false;
}
