/** Files that come from outside, chosen or dropped: which of them an app can have, and where they go. */
import { checkPath, contentFromBytes, isBinaryPath } from "#core/bundle.ts";
import type { FileContent, Files } from "#core/contract/files.ts";
import { bundleLimits, formatBytes, zipLimits } from "#core/limits.ts";

export interface Upload {
  /** With its folders, where it came in some. */
  path: string;
  file: Pick<File, "size" | "arrayBuffer">;
}

export interface TakenUploads {
  files: Files;
  added: string[];
  replaced: string[];
  /** Why the others were not taken, a sentence each. */
  refused: string[];
}

/** Uploads with each ZIP among them unpacked. One that is refused gives nothing but the reason. */
export async function unpackUploads(uploads: readonly Upload[]): Promise<{ uploads: Upload[]; refused: string[]; leftOut: string[] }> {
  const unpacked: Upload[] = [];
  const refused: string[] = [];
  const leftOut: string[] = [];
  for (const upload of uploads) {
    if (!/^[^/]+\.zip$/i.test(upload.path)) unpacked.push(upload);
    else if (upload.file.size > zipLimits.archiveBytes)
      refused.push(`${upload.path} has ${formatBytes(upload.file.size)}; at most ${formatBytes(zipLimits.archiveBytes)} are read.`);
    else {
      const { readZip } = await import("#core/zip/index.ts");
      const zip = readZip(new Uint8Array(await upload.file.arrayBuffer()));
      refused.push(...zip.problems.map(({ message }) => `${upload.path}: ${message}`));
      leftOut.push(...zip.leftOut);
      for (const [path, bytes] of zip.files)
        // An app's settings in a ZIP are for an import: here they would change an app that has its own.
        if (path === ".fp.yaml") leftOut.push(path);
        else unpacked.push({ path, file: { size: bytes.length, arrayBuffer: () => Promise.resolve(bytes.buffer) } });
      for (const { path, sizeBytes } of zip.tooLarge)
        unpacked.push({ path, file: { size: sizeBytes, arrayBuffer: () => Promise.resolve(new ArrayBuffer()) } });
    }
  }
  return { uploads: unpacked, refused, leftOut };
}

/** What tools leave beside the code, and nobody means to upload. */
const litter = /(^|\/)(\.|__pycache__\/|node_modules\/|venv\/|Thumbs\.db$)|\.py[co]$/;
/** Nobody drops more on purpose; a home directory by mistake must not be read. */
const mostEntries = 500;

/** The files with the uploads in them: one of a path that is there already takes its place. */
export async function takeUploads(files: Files, uploads: readonly Upload[], entrypoint: string): Promise<TakenUploads> {
  const refused: string[] = [];
  const contents: Record<string, FileContent> = {};
  for (const { path: given, file } of withoutTopFolder(uploads, entrypoint)) {
    const path = toPath(given);
    const bad = checkPath(path);
    if (bad !== null) refused.push(bad.message);
    else if (file.size > bundleLimits.fileBytes)
      refused.push(`${path} has more than ${formatBytes(bundleLimits.fileBytes)}, the most that a file may have.`);
    else
      try {
        contents[path] = contentFromBytes(path, new Uint8Array(await file.arrayBuffer()));
      } catch {
        refused.push(`${path} is not UTF-8 text.`);
      }
  }
  const paths = Object.keys(contents);
  return {
    files: { ...files, ...contents },
    added: paths.filter((path) => files[path] === undefined),
    replaced: paths.filter((path) => files[path] !== undefined),
    refused,
  };
}

/** A dropped folder that is itself an app is its content. */
function withoutTopFolder(uploads: readonly Upload[], entrypoint: string): Upload[] {
  const wanted = uploads.filter(({ path }) => !litter.test(path));
  const top = wanted.find(({ path }) => path.split("/").length === 2 && path.endsWith(`/${entrypoint}`))?.path.split("/")[0];
  const isAll = top !== undefined && wanted.every(({ path }) => path.startsWith(`${top}/`));
  return isAll ? wanted.map(({ path, file }) => ({ path: path.slice(top.length + 1), file })) : wanted;
}

/** Pictures and fonts are served from static/, where alone they may lie; everything else keeps its place. */
function toPath(given: string): string {
  const plain = given
    .normalize("NFC")
    .split("/")
    .map((part) => part.trim().replaceAll(/[^\w.\-\u00C0-\uFFFF]+/g, "_"))
    .join("/")
    .replace(/\.jpeg$/i, ".jpg");
  return isBinaryPath(plain) && !plain.startsWith("static/") ? `static/${plain.split("/").at(-1)}` : plain;
}

/** All files of a drop, those in folders too. To be called while the event is being handled: what it carries is gone afterwards. */
export async function readDropped(items: DataTransferItemList): Promise<Upload[]> {
  const uploads: Upload[] = [];
  // All of them before the first wait. A picture dragged out of a page is a file without an entry; a dragged text is neither.
  for (const each of [...items].map((item) => item.webkitGetAsEntry() ?? item.getAsFile()))
    if (each instanceof File) uploads.push({ path: each.name, file: each });
    else if (each !== null) await walk(each, uploads);
  return uploads;
}

async function walk(entry: FileSystemEntry, uploads: Upload[]): Promise<void> {
  const path = entry.fullPath.slice(1);
  if (uploads.length >= mostEntries || litter.test(entry.isDirectory ? `${path}/` : path)) return;
  if (isFile(entry)) {
    const { promise, resolve, reject } = Promise.withResolvers<File>();
    entry.file(resolve, reject);
    return void uploads.push({ path, file: await promise });
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  for (;;) {
    const { promise, resolve, reject } = Promise.withResolvers<FileSystemEntry[]>();
    reader.readEntries(resolve, reject);
    const some = await promise;
    if (some.length === 0) return;
    for (const each of some) await walk(each, uploads);
  }
}

const isFile = (entry: FileSystemEntry): entry is FileSystemFileEntry => entry.isFile;
