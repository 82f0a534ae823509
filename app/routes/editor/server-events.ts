/** A stream of server-sent events, piece by piece (WHATWG HTML, 9.2.6). Pure but for what it holds of an event that is not whole yet. */
export interface StreamEvent {
  /** From 1. */
  number: number;
  event: string;
  id: string;
  data: string;
}

export interface EventReader {
  /** The events that are whole with this piece. */
  push(text: string): StreamEvent[];
}

export function createEventReader(): EventReader {
  let rest = "";
  let number = 0;
  let id = "";
  let event = "";
  let data: string[] = [];
  const take = (line: string): StreamEvent | null => {
    if (line === "") {
      const found = data.length === 0 ? null : { number: (number += 1), event: event || "message", id, data: data.join("\n") };
      event = "";
      data = [];
      return found;
    }
    const at = line.indexOf(":");
    const name = at < 0 ? line : line.slice(0, at);
    const value = at < 0 ? "" : line.slice(at + 1).replace(/^ /, "");
    if (name === "data") data.push(value);
    else if (name === "event") event = value;
    else if (name === "id" && !value.includes("\0")) id = value;
    return null;
  };
  return {
    push(text) {
      rest += text;
      // A line feed may still come after a carriage return at the end.
      const end = rest.endsWith("\r") ? rest.length - 1 : rest.length;
      const lines = rest.slice(0, end).split(/\r\n|\n|\r/);
      rest = (lines.pop() ?? "") + rest.slice(end);
      return lines.map(take).filter((found) => found !== null);
    },
  };
}
