/**
 * The head of an answer that is written on a bare socket, where node's HTTP server does not write it. Pure, and all there is of it:
 * names and values are taken as they are, so they must be fit for a head. Written as latin1, as node reads them.
 */
import { STATUS_CODES } from "node:http";

/** The first line, with its CR LF. @param message a reason other than the usual one for `status`; an empty one counts as none. */
export function toStatusLine(status: number, message?: string): string {
  return `HTTP/1.1 ${status} ${message || (STATUS_CODES[status] ?? "")}\r\n`;
}

/** A line for each field of a flat list (name, value, name, value), each with its CR LF. */
export function toFieldLines(fields: readonly string[]): string {
  let lines = "";
  for (let i = 0; i + 1 < fields.length; i += 2) lines += fields[i]! + ": " + fields[i + 1]! + "\r\n";
  return lines;
}

/** A whole head, up to and with the empty line. */
export function toHead(status: number, message: string | undefined, fields: readonly string[]): string {
  return `${toStatusLine(status, message)}${toFieldLines(fields)}\r\n`;
}
