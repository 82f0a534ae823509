/** A ZIP's list of contents, which lies at its end, and the headers that stand before each part. Nothing is unpacked here. */
import { formatBytes, zipLimits } from "../limits.ts";

export interface ZipProblem {
  /** The name in the ZIP; null where the whole of it is meant. */
  entry: string | null;
  code: "not_a_zip" | "zip_damaged" | "zip_unsupported" | "zip_unsafe" | "zip_too_large";
  message: string;
}

/** One entry as the list has it; its data lies at `[dataStart, dataEnd)`. */
export interface ZipEntry {
  name: string;
  isFolder: boolean;
  isDeflated: boolean;
  crc: number;
  /** What the list claims; to be seen. */
  sizeBytes: number;
  headerStart: number;
  dataStart: number;
  dataEnd: number;
}

const endMark = 0x06054b50;
const listMark = 0x02014b50;
const headerMark = 0x04034b50;
const zip64Mark = 0x07064b50;
const endBytes = 22;
const mostCommentBytes = 65_535;

/** What stands in a ZIP, or why it is refused. */
export function readDirectory(bytes: Uint8Array): { entries: ZipEntry[]; problems: ZipProblem[] } {
  const refuse = (code: ZipProblem["code"], message: string) => ({ entries: [], problems: [{ entry: null, code, message }] });
  if (bytes.length > zipLimits.archiveBytes)
    return refuse("zip_too_large", `This ZIP has ${formatBytes(bytes.length)}; at most ${formatBytes(zipLimits.archiveBytes)} are read.`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const end = findEnd(view);
  if (end === null) {
    return view.byteLength >= 4 && view.getUint32(0, true) === headerMark
      ? refuse("zip_damaged", "This ZIP is cut off: the list of its contents, which lies at its end, is missing. Send it again.")
      : refuse("not_a_zip", "This is not a ZIP.");
  }
  const count = view.getUint16(end + 10, true);
  const listBytes = view.getUint32(end + 12, true);
  const listStart = view.getUint32(end + 16, true);
  const hasZip64 = end >= 20 && view.getUint32(end - 20, true) === zip64Mark;
  if (hasZip64 || count === 0xffff || listBytes === 0xffffffff || listStart === 0xffffffff)
    return refuse("zip_unsupported", "This is a ZIP64, the form for more than 4 GB or 65,535 files. Pack it as a plain ZIP.");
  if (view.getUint16(end + 4, true) !== 0 || view.getUint16(end + 8, true) !== count)
    return refuse("zip_unsupported", "This is one part of a ZIP that was split. Pack it as one.");
  if (count > zipLimits.entries)
    return refuse(
      "zip_too_large",
      `This ZIP has ${count.toLocaleString("en")} entries; at most ${zipLimits.entries.toLocaleString("en")} are read. Leave out what the app does not need.`,
    );
  if (listStart + listBytes !== end)
    return refuse("zip_damaged", "This ZIP is damaged: the list of its contents is not where it should be.");
  return readList(bytes, view, { count, listStart, end });
}

/** Where the closing record begins: the last place from which a comment of the length it names ends the file. */
function findEnd(view: DataView): number | null {
  const first = Math.max(0, view.byteLength - endBytes - mostCommentBytes);
  for (let at = view.byteLength - endBytes; at >= first; at -= 1) {
    if (view.getUint32(at, true) === endMark && at + endBytes + view.getUint16(at + 20, true) === view.byteLength) return at;
  }
  return null;
}

function readList(bytes: Uint8Array, view: DataView, list: { count: number; listStart: number; end: number }) {
  const entries: ZipEntry[] = [];
  const problems: ZipProblem[] = [];
  let at = list.listStart;
  for (let index = 0; index < list.count; index += 1) {
    const nameEnd = at + 46 + (at + 46 <= list.end ? view.getUint16(at + 28, true) : 0);
    if (nameEnd > list.end || view.getUint32(at, true) !== listMark)
      return {
        entries: [],
        problems: [
          {
            entry: null,
            code: "zip_damaged" as const,
            message: "This ZIP is damaged: the list of its contents ends before its last entry.",
          },
        ],
      };
    const nameBytes = bytes.subarray(at + 46, nameEnd);
    const found = readEntry(bytes, view, at, nameBytes, list.listStart);
    if ("code" in found) problems.push(found);
    else entries.push(found);
    at = nameEnd + view.getUint16(at + 30, true) + view.getUint16(at + 32, true);
  }
  return { entries, problems: [...problems, ...findOverlaps(entries)] };
}

const unixHosts: ReadonlySet<number> = new Set([3, 19]);

function readEntry(bytes: Uint8Array, view: DataView, at: number, nameBytes: Uint8Array, listStart: number): ZipEntry | ZipProblem {
  const name = toName(nameBytes);
  const shown = JSON.stringify(name ?? new TextDecoder("latin1").decode(nameBytes));
  const refuse = (code: ZipProblem["code"], message: string): ZipProblem => ({ entry: name, code, message: `${shown} ${message}` });
  if (name === null) return refuse("zip_unsupported", "has a name that is not UTF-8. Rename the file, or pack it with another tool.");
  const flags = view.getUint16(at + 8, true);
  const method = view.getUint16(at + 10, true);
  const [packedBytes, sizeBytes, headerStart] = [20, 24, 42].map((field) => view.getUint32(at + field, true)) as [number, number, number];
  // Bit 0: encrypted; 6 and 13: strongly, with its headers.
  if (flags & 0x2041) return refuse("zip_unsupported", "is encrypted. Pack it without a password.");
  if ([packedBytes, sizeBytes, headerStart].includes(0xffffffff))
    return refuse("zip_unsupported", "is kept as in a ZIP64, the form for more than 4 GB. Pack it as a plain ZIP.");
  const kind = unixHosts.has(view.getUint8(at + 5)) ? (view.getUint32(at + 38, true) >>> 16) & 0o170000 : 0;
  if (kind === 0o120000) return refuse("zip_unsafe", "is a symbolic link. Put the file itself in its place.");
  if (kind !== 0 && kind !== 0o100000 && kind !== 0o040000) return refuse("zip_unsafe", "is neither a file nor a folder.");
  if (method !== 0 && method !== 8)
    return refuse("zip_unsupported", `is packed by method ${method}. Only Deflate, which every tool has, and no packing are read.`);
  const data = readHeader(bytes, view, headerStart, nameBytes);
  if (data === null || data + packedBytes > listStart)
    return refuse("zip_damaged", "does not lie where the ZIP's list says, or is called something else there.");
  if (method === 0 ? packedBytes !== sizeBytes : sizeBytes > packedBytes * zipLimits.ratio)
    return refuse("zip_unsafe", "claims a size that it cannot have.");
  return {
    name,
    isFolder: name.endsWith("/"),
    isDeflated: method === 8,
    crc: view.getUint32(at + 16, true),
    sizeBytes,
    headerStart,
    dataStart: data,
    dataEnd: data + packedBytes,
  };
}

/** Where an entry's data begins; null when there is no header of this name. */
function readHeader(bytes: Uint8Array, view: DataView, start: number, name: Uint8Array): number | null {
  if (start + 30 > view.byteLength || view.getUint32(start, true) !== headerMark) return null;
  const nameLength = view.getUint16(start + 26, true);
  const same = nameLength === name.length && name.every((byte, index) => bytes[start + 30 + index] === byte);
  return same ? start + 30 + nameLength + view.getUint16(start + 28, true) : null;
}

/** Names are UTF-8 in practice, whether the flag for it is set or not. */
function toName(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return null;
  }
}

/** Parts that share bytes: how one small ZIP holds the same bomb a thousand times. */
function findOverlaps(entries: readonly ZipEntry[]): ZipProblem[] {
  const inOrder = entries.toSorted((a, b) => a.headerStart - b.headerStart);
  const second = inOrder.find((entry, index) => index > 0 && entry.headerStart < inOrder[index - 1]!.dataEnd);
  if (second === undefined) return [];
  return [{ entry: second.name, code: "zip_unsafe", message: `${JSON.stringify(second.name)} overlaps another file of this ZIP.` }];
}
