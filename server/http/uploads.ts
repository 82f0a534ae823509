/** Bodies read no further than they may be, and the one file that some of them are. */
import { AppError } from "#core/contract/problem.ts";
import { formatBytes } from "#core/limits.ts";

/** The body, read no further than `mostBytes`. @throws AppError `payload_too_large`. */
export async function readBytes(request: Request, mostBytes: number): Promise<Buffer<ArrayBuffer>> {
  const tooLarge = () => new AppError("payload_too_large", `A body of this request has at most ${formatBytes(mostBytes)}.`);
  if (Number(request.headers.get("content-length") ?? 0) > mostBytes) throw tooLarge();
  if (!request.body) return Buffer.alloc(0);
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of request.body as unknown as AsyncIterable<Uint8Array>) {
    size += chunk.length;
    if (size > mostBytes) throw tooLarge();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/**
 * A body that is one file of the type `wanted`: as it is, or as the field `file` of a form.
 * @throws AppError `payload_too_large`, `unsupported_media_type`, `invalid_input` when a form has no such field.
 */
export async function readFile(request: Request, wanted: string, mostBytes: number): Promise<File> {
  const bytes = await readBytes(request, mostBytes);
  const type = request.headers.get("content-type") ?? "";
  if (type.split(";")[0]!.trim().toLowerCase() === wanted) return new File([bytes], "", { type: wanted });
  if (!/^multipart\/form-data\s*;/i.test(type))
    throw new AppError("unsupported_media_type", `Say \`Content-Type: ${wanted}\` and send the file, or a form with it as \`file\`.`);
  const form = await new Response(bytes, { headers: { "content-type": type } }).formData().catch((error: unknown) => {
    throw new AppError("invalid_input", "The form is not complete, or its boundary is not the one that its type names.", { cause: error });
  });
  const file = form.get("file");
  // What a browser calls a ZIP depends on its system; a field that was left empty is a file without a name.
  if (file instanceof File && (file.size > 0 || file.name !== "")) return new File([file], file.name, { type: wanted });
  throw new AppError("invalid_input", "The form has no file in its field `file`.", {
    problems: [{ path: "file", message: "Choose a file." }],
  });
}
