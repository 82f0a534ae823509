/** What the cluster's API says when it refuses, in words for people. Nothing foreign leaves the adapter. Pure. */
import { AppError } from "#core/contract/problem.ts";

/** The members of a `Status` that are read. */
export interface Status {
  code?: number;
  reason?: string;
  message?: string;
}

/** What was asked for: `patch`, `pods`, the namespace. */
export interface Call {
  verb: string;
  resource: string;
  namespace: string;
}

/** Parses the body of an answer that is no success; one that is no `Status` is kept as its message. */
export function parseStatus(code: number, body: string): Status {
  try {
    const parsed: unknown = JSON.parse(body);
    if (parsed !== null && typeof parsed === "object" && (parsed as { kind?: unknown }).kind === "Status")
      return { code, ...(parsed as Status) };
  } catch {
    // a proxy's page, or nothing
  }
  return { code, message: body.slice(0, 500) };
}

/** An answer that is no success, as the failure it is to the platform. */
export function toRefusal(status: Status, call: Call): AppError {
  const message = status.message ?? "";
  const words = describeRefusal(status.code ?? 0, message, call);
  return new AppError("runtime_unavailable", words, { cause: new Error(`${call.verb} ${call.resource}: ${status.code} ${message}`) });
}

function describeRefusal(code: number, message: string, call: Call): string {
  if (code === 401) return "The cluster does not accept the platform's credentials";
  if (code === 403) return describeForbidden(message, call);
  if (code === 404) return `The cluster has no ${call.resource} in the namespace ${call.namespace}: is the platform installed whole?`;
  if (code === 409) return `The cluster's ${call.resource} were changed by somebody else meanwhile`;
  if (code === 413) return "The cluster refuses the object: it is too large";
  if (code === 422 || code === 400) return `The cluster refuses the object: ${firstLine(message)}`;
  if (code === 429) return "The cluster's API server is busy";
  return `The cluster's API server failed with ${code}${message ? `: ${firstLine(message)}` : ""}`;
}

/** Permission, quota, a policy or a namespace that is going: four things that the API calls "forbidden". */
function describeForbidden(message: string, { verb, resource, namespace }: Call): string {
  const quota = /exceeded quota: ([^,]+), requested: (.+?), used: (.+?), limited: (.+)$/.exec(message);
  if (quota)
    return `The quota ${quota[1]} of the namespace ${namespace} is used up: ${quota[2]} asked for, ${quota[3]} used of ${quota[4]}`;
  if (/being terminated/.test(message)) return `The namespace ${namespace} is being deleted`;
  if (/violates PodSecurity/.test(message))
    return `The namespace's pod security standard refuses the pod: ${firstLine(afterColon(message))}`;
  const limits = /is forbidden: \[?((?:minimum|maximum) .+?)\]?$/.exec(message);
  if (limits) return `The namespace's LimitRange refuses the pod: ${limits[1]}`;
  if (/cannot \w+ resource/.test(message))
    return `The platform may not ${verb} ${resource} in the namespace ${namespace}: its Role lacks that permission`;
  return `The cluster forbids it: ${firstLine(message)}`;
}

const firstLine = (text: string): string => (text.split("\n", 1)[0] ?? "").slice(0, 500);
const afterColon = (text: string): string => text.slice(text.indexOf("violates PodSecurity"));

/** Codes of connections that did not come about or broke off, in words. */
const reasons: Readonly<Record<string, string>> = {
  ECONNREFUSED: "connection refused",
  ECONNRESET: "the connection broke off",
  EPIPE: "the connection broke off",
  ETIMEDOUT: "no answer",
  EHOSTUNREACH: "no way to its address",
  ENETUNREACH: "no way to its address",
  ENOTFOUND: "its name is not known",
  EAI_AGAIN: "its name cannot be looked up",
};

/** A call that got no answer: the cluster is away. */
export function toUnreachable(error: unknown): AppError {
  if (error instanceof AppError) return error;
  const { code, message } = error as NodeJS.ErrnoException;
  const why = reasons[code ?? ""] ?? (/certificate|self.signed/i.test(message) ? `its certificate is not trusted: ${message}` : message);
  return new AppError("runtime_unavailable", `The cluster's API server cannot be reached: ${why}`, { cause: error, retryAfterSeconds: 5 });
}

export const toTimeout = (deadlineMs: number): AppError =>
  new AppError("runtime_unavailable", `The cluster's API server did not answer within ${Math.round(deadlineMs / 1_000)} s`, {
    retryAfterSeconds: 5,
  });

/** A list or watch from a point in time that the API server remembers no more (410): read all again. */
export class Expired extends Error {
  override readonly name = "Expired";
}
