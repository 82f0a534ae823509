/** A traceback cut into text and the places in the app's own files that it names. */
export type TracebackPart = { text: string; place?: { file: string; line: number } };

/** `File "app.py", line 12`: a path relative to the bundle is the owner's; an absolute one, or one in <…>, is a library's. */
const placePattern = /File "([^"\n]+)", line (\d+)/g;

export function splitTraceback(traceback: string): TracebackPart[] {
  const parts: TracebackPart[] = [];
  let from = 0;
  for (const match of traceback.matchAll(placePattern)) {
    const [text, file, line] = match as unknown as [string, string, string];
    if (/^[/<]|^\.\.|site-packages/.test(file)) continue;
    if (match.index > from) parts.push({ text: traceback.slice(from, match.index) });
    parts.push({ text, place: { file, line: Number(line) } });
    from = match.index + text.length;
  }
  if (from < traceback.length) parts.push({ text: traceback.slice(from) });
  return parts;
}

/** Where the editor opens at a place. */
export function toEditorPath(slug: string, file: string, line: number): string {
  return `/apps/${slug}/edit?${new URLSearchParams({ file, line: String(line) })}`;
}
