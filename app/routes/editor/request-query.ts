/** A path's query as rows, in step with the path: the path is what counts, and only what is edited is written anew. Pure. */

export interface Parameter {
  name: string;
  value: string;
}

export function readQuery(path: string): Parameter[] {
  return piecesOf(path).map((piece) => {
    const at = piece.indexOf("=");
    return { name: decode(at < 0 ? piece : piece.slice(0, at)), value: at < 0 ? "" : decode(piece.slice(at + 1)) };
  });
}

/** The path with the parameter at `index` changed, added (one past the last) or, with null, taken out. */
export function withParameter(path: string, index: number, parameter: Parameter | null): string {
  const pieces = piecesOf(path);
  if (parameter === null) pieces.splice(index, 1);
  else pieces[index] = `${encode(parameter.name)}=${encode(parameter.value)}`;
  const [before] = path.split("?", 1) as [string];
  return pieces.length === 0 ? before : `${before}?${pieces.join("&")}`;
}

function piecesOf(path: string): string[] {
  const at = path.indexOf("?");
  const pieces = at < 0 ? [] : path.slice(at + 1).split("&");
  // Nothing after `?` or a last `&` is no parameter yet.
  if (pieces.at(-1) === "") pieces.pop();
  return pieces;
}

/** As servers read it: + is a space. What is not in percent as it should be stays as it is. */
function decode(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll("+", " "));
  } catch {
    return text;
  }
}

/** Lone surrogates, which no URL can have, become the character for what cannot be read. */
const encode = (text: string): string => encodeURIComponent(text.toWellFormed());
