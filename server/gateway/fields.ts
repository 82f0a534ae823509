/** Field lines of HTTP/1.1 messages (RFC 9112, 5), read strictly. Pure. */

/** Characters of a token (RFC 9110, 5.6.2), by code. */
const TOKEN = new Uint8Array(256);
for (const character of "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") TOKEN[character.charCodeAt(0)] = 1;

/**
 * Whether `bytes` may be a head: no control characters but the tab, and CR LF only as a pair. Without this, `parseFields` does not
 * see control characters in values. Over bytes, for that is several times faster than over text.
 */
export function isCleanHead(bytes: Uint8Array, from: number, end: number): boolean {
  for (let i = from; i < end; i += 1) {
    const byte = bytes[i]!;
    if (byte > 31 ? byte !== 127 : byte === 9) continue;
    if (byte !== 13 || bytes[i + 1] !== 10 || i + 1 >= end) return false;
    i += 1;
  }
  return true;
}

/** Whether `text` may be a field's value, or be part of a line: latin1 without control characters but the tab. */
export function isFieldValue(text: string): boolean {
  return /^[\t\x20-\x7e\x80-\xff]*$/.test(text);
}

export function isToken(text: string): boolean {
  return text !== "" && isTokenUpTo(text, 0, text.length);
}

function isTokenUpTo(text: string, from: number, end: number): boolean {
  for (let i = from; i < end; i += 1) if (TOKEN[text.charCodeAt(i)] !== 1) return false;
  return true;
}

/**
 * The field lines of `block` from `at` on, each of which ends with CR LF, as a flat list in their order and spelling.
 * Null when one of them is none; a folded line is none.
 */
export function parseFields(block: string, at: number): string[] | null {
  const fields: string[] = [];
  for (let from = at; from < block.length;) {
    const end = block.indexOf("\r\n", from);
    const colon = block.indexOf(":", from);
    if (end === -1 || colon <= from || colon > end || !isTokenUpTo(block, from, colon)) return null;
    let start = colon + 1;
    let stop = end;
    while (start < stop && isBlank(block.charCodeAt(start))) start += 1;
    while (stop > start && isBlank(block.charCodeAt(stop - 1))) stop -= 1;
    fields.push(block.slice(from, colon), block.slice(start, stop));
    from = end + 2;
  }
  return fields;
}

export interface Head {
  /** The first line. */
  line: string;
  /** Flat, as from `parseFields`. */
  fields: string[];
  /** Where the bytes go on after the empty line. */
  next: number;
}

/** More fields than this are for the slower reader. */
const MAX_MARKS = 3 * 128;
/** Where names begin, and values begin and end, of the head that is being read. */
const marks = new Int32Array(MAX_MARKS);

/**
 * Reads a head that lies in one piece between `from` and `end`, in one pass. Null for one that is not whole, not clean or not
 * valid: `isCleanHead` and `parseFields` tell which, and read everything else just so.
 */
export function scanHead(bytes: Buffer, from: number, end: number): Head | null {
  const lineEnd = scanText(bytes, from, end);
  if (lineEnd === -1) return null;
  let count = 0;
  let at = lineEnd + 2;
  for (; at + 1 < end && bytes[at] !== 13; count += 3) {
    if (count === MAX_MARKS) return null;
    marks[count] = at;
    while (at < end && TOKEN[bytes[at]!] === 1) at += 1;
    if (at === marks[count] || bytes[at] !== 58 || at + 1 >= end) return null;
    marks[count + 1] = at + 1;
    const stop = scanText(bytes, at + 1, end);
    if (stop === -1) return null;
    marks[count + 2] = stop;
    at = stop + 2;
  }
  if (at + 1 >= end || bytes[at + 1] !== 10) return null;
  const text = bytes.toString("latin1", from, at);
  const fields: string[] = [];
  for (let i = 0; i < count; i += 3) {
    let start = marks[i + 1]!;
    let stop = marks[i + 2]!;
    fields.push(text.slice(marks[i]! - from, start - 1 - from));
    while (start < stop && isBlank(bytes[start]!)) start += 1;
    while (stop > start && isBlank(bytes[stop - 1]!)) stop -= 1;
    fields.push(text.slice(start - from, stop - from));
  }
  return { line: text.slice(0, lineEnd - from), fields, next: at + 2 };
}

/** Where the text from `at` on ends with CR LF; -1 when it does not, or holds what no head may hold. */
function scanText(bytes: Uint8Array, at: number, end: number): number {
  let i = at;
  for (; i < end; i += 1) {
    const byte = bytes[i]!;
    if (byte > 31 ? byte === 127 : byte !== 9) break;
  }
  return i + 1 < end && bytes[i] === 13 && bytes[i + 1] === 10 ? i : -1;
}

function isBlank(code: number): boolean {
  return code === 32 || code === 9;
}
