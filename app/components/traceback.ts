/** A traceback, as the runner writes it, cut into the app's own frames, the ways through libraries between them, and words. Pure. */
export type TracebackPart =
  | { kind: "text"; text: string }
  | { kind: "own"; file: string; line: number; text: string; /** `text` without the place that begins it. */ rest: string }
  | { kind: "library"; frames: number; names: readonly string[]; text: string };

/** `File "app.py", line 12, in add`; under an exception group with bars before it. */
const framePattern = /^([ |+-]*)(File "([^"\n]+)", line (\d+))(.*)$/;

/** A path relative to the bundle is the owner's; an absolute one, one in <…> or after dots is a library's. */
const looksOwn = (file: string): boolean => !/^[/<.]|site-packages/.test(file);

/** `isOwn`: for who knows the app's files. Nothing is lost: the parts' texts with line breaks between them are the traceback. */
export function splitTraceback(traceback: string, isOwn: (file: string) => boolean = () => true): TracebackPart[] {
  const parts: TracebackPart[] = [];
  const lines = traceback === "" ? [] : traceback.split("\n");
  for (let at = 0; at < lines.length;) {
    const line = lines[at]!;
    const [, prefix = "", place, file = "", number] = framePattern.exec(line) ?? [];
    let end = at + 1;
    if (place !== undefined)
      while (end < lines.length && lines[end]!.startsWith(`${prefix}  `) && !framePattern.test(lines[end]!)) end += 1;
    const text = lines.slice(at, end).join("\n");
    const before = parts.at(-1);
    if (place === undefined) {
      if (before?.kind === "text") before.text += `\n${text}`;
      else parts.push({ kind: "text", text });
    } else if (looksOwn(file) && isOwn(file)) {
      parts.push({ kind: "own", file, line: Number(number), text, rest: text.slice(prefix.length + place.length) });
    } else if (before?.kind === "library") {
      parts[parts.length - 1] = {
        kind: "library",
        frames: before.frames + 1,
        names: [...new Set([...before.names, nameOf(file)])],
        text: `${before.text}\n${text}`,
      };
    } else parts.push({ kind: "library", frames: 1, names: [nameOf(file)], text });
    at = end;
  }
  return parts;
}

/** The package that a library's file belongs to, as somebody would say it. */
function nameOf(file: string): string {
  const [, inside] = /site-packages\/([^/]+)/.exec(file) ?? [];
  const [, standard] = /python3[^/]*\/([^/]+)/.exec(file) ?? [];
  return (inside ?? standard ?? file.slice(file.lastIndexOf("/") + 1)).replace(/\.py$/, "");
}
