import { Inflate } from "fflate";
import { bundleLimits, formatBytes, zipLimits } from "../limits.ts";
import { crc32 } from "./crc32.ts";
import { readDirectory, type ZipEntry, type ZipProblem } from "./directory.ts";
import { findDuplicates, findLitter, refuseName, topFolderOf } from "./names.ts";

export type { ZipProblem };

export interface ZipContent {
  /** By path, without the one folder that all of them lay in. Empty when there are problems. */
  files: ReadonlyMap<string, Uint8Array<ArrayBuffer>>;
  /** Files with more than a file may have; they are not unpacked. */
  tooLarge: readonly { path: string; sizeBytes: number }[];
  /** What tools leave beside the code (`.git/`, `node_modules/`, `.DS_Store`), by the folder it begins with. */
  leftOut: readonly string[];
  /** Why nothing of this ZIP is taken. */
  problems: readonly ZipProblem[];
}

/** Input given to the inflater at once: it makes at most 1 MB of it before its size is looked at. */
const stepBytes = 1_024;

/** The files of a ZIP within the bounds of `zipLimits` and `bundleLimits`. Never throws; reading the largest takes some 30 ms. */
export function readZip(bytes: Uint8Array): ZipContent {
  const { entries, problems } = readDirectory(bytes);
  for (const { name } of entries) {
    const why = refuseName(name);
    if (why !== null) problems.push({ entry: name, code: "zip_unsafe", message: `${JSON.stringify(name)} ${why}.` });
  }
  const leftOut = new Set<string>();
  const wanted: ZipEntry[] = [];
  for (const entry of entries) {
    const litter = findLitter(entry.name);
    if (litter !== null) leftOut.add(litter);
    else if (!entry.isFolder) wanted.push(entry);
  }
  problems.push(...findDuplicates(wanted.map(({ name }) => name)));
  if (problems.length === 0 && wanted.length === 0)
    problems.push({
      entry: null,
      code: "zip_damaged",
      message: `There are no files in this ZIP${leftOut.size > 0 ? " but what tools leave beside the code" : ""}.`,
    });
  if (problems.length > 0) return refused(problems, leftOut);
  return unpack(bytes, wanted, leftOut);
}

function unpack(bytes: Uint8Array, wanted: readonly ZipEntry[], leftOut: ReadonlySet<string>): ZipContent {
  const top = topFolderOf(wanted.map(({ name }) => name));
  const files = new Map<string, Uint8Array<ArrayBuffer>>();
  const tooLarge: { path: string; sizeBytes: number }[] = [];
  const problems: ZipProblem[] = [];
  let left = bundleLimits.totalBytes;
  for (const entry of wanted) {
    const path = entry.name.slice(top.length).normalize("NFC");
    const isAppFile = path === ".fp.yaml";
    if (entry.sizeBytes > (isAppFile ? zipLimits.appFileBytes : bundleLimits.fileBytes)) {
      tooLarge.push({ path, sizeBytes: entry.sizeBytes });
      continue;
    }
    if (!isAppFile) left -= entry.sizeBytes;
    if (left < 0) {
      const message = `The files in this ZIP have more than ${formatBytes(bundleLimits.totalBytes)} together, the most that an app may have. ${JSON.stringify(path)} is the first beyond.`;
      return refused([{ entry: path, code: "zip_too_large", message }], leftOut);
    }
    const content = inflate(bytes.subarray(entry.dataStart, entry.dataEnd), entry);
    if (content === null)
      problems.push({
        entry: path,
        code: "zip_damaged",
        message: `${JSON.stringify(path)} is damaged: its content is not what the ZIP says of it.`,
      });
    else files.set(path, content);
  }
  return problems.length > 0 ? refused(problems, leftOut) : { files, tooLarge, leftOut: [...leftOut], problems: [] };
}

function refused(problems: readonly ZipProblem[], leftOut: ReadonlySet<string>): ZipContent {
  return { files: new Map(), tooLarge: [], leftOut: [...leftOut], problems: problems.slice(0, zipLimits.problems) };
}

/** An entry's content; null when it is not of the size or sum it claims. Stops at the first byte too many. */
function inflate(packed: Uint8Array, { isDeflated, sizeBytes, crc }: ZipEntry): Uint8Array<ArrayBuffer> | null {
  const content = new Uint8Array(sizeBytes);
  let size = 0;
  const take = (chunk: Uint8Array): void => {
    if (size + chunk.length <= sizeBytes) content.set(chunk, size);
    size += chunk.length;
  };
  if (!isDeflated) take(packed);
  else
    try {
      const inflater = new Inflate(take);
      // At least once: an empty file has some bytes of Deflate too.
      for (let at = 0; at === 0 || (at < packed.length && size <= sizeBytes); at += stepBytes)
        inflater.push(packed.subarray(at, at + stepBytes), at + stepBytes >= packed.length);
    } catch {
      return null;
    }
  return size === sizeBytes && crc32(content) === crc ? content : null;
}
