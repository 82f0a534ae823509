/** One call to the API server and what its answer means: counted, its path from the kind of object, its statuses as results or words. */
import type { IncomingMessage } from "node:http";
import { AppError } from "#core/contract/problem.ts";
import { parseStatus, toRefusal, type Status } from "./client-errors.ts";
import { findResource, toPath, type ClusterObject, type Resource } from "./client-resources.ts";
import { readAll, type Request, type Transport } from "./client-transport.ts";

type Ask = Omit<Request, "path">;
export type Answer<T> = { found: T } | { refused: Status };

export interface Caller {
  readonly namespace: string;
  readonly calls: ReadonlyMap<string, number>;
  call<T>(verb: string, resource: Resource, ask: Ask, name?: string): Promise<Answer<T>>;
  /** What was found; or what a lost race is, for the statuses in `lost`; the other statuses are thrown. */
  take<T, Lost>(answer: Answer<T>, verb: string, resource: Resource, lost: Readonly<Record<number, Lost>>): T | Lost;
  /** Makes or applies a whole object; false: there is one of its name. */
  write<T extends ClusterObject>(verb: "apply" | "create", object: T, ask: Ask): Promise<T | false>;
  /** An answer that goes on. `part`: behind the name, `/log`. */
  stream(verb: string, resource: Resource, ask: Ask, name?: string, part?: string): Promise<Answer<IncomingMessage>>;
  identify(object: ClusterObject): { resource: Resource; name: string };
}

const conflictTries = 5;

export function createCaller(transport: Transport, namespace: string): Caller {
  const calls = new Map<string, number>();
  const count = (verb: string, resource: string): void => {
    const key = `${verb} ${resource}`;
    calls.set(key, (calls.get(key) ?? 0) + 1);
  };
  const caller: Caller = {
    namespace,
    calls,
    identify,
    async call<T>(verb: string, resource: Resource, ask: Ask, name?: string): Promise<Answer<T>> {
      count(verb, resource);
      const { status, body } = await transport.send({ ...ask, path: toPath(resource, namespace, name) });
      return status >= 200 && status < 300 ? { found: parseFound<T>(body) } : { refused: parseStatus(status, body) };
    },
    take(answer, verb, resource, lost) {
      if ("found" in answer) return answer.found;
      const result = lost[answer.refused.code ?? 0];
      if (result === undefined) throw toRefusal(answer.refused, { verb, resource, namespace });
      return result;
    },
    async write<T extends ClusterObject>(verb: "apply" | "create", object: T, ask: Ask): Promise<T | false> {
      const { resource, name } = identify(object);
      for (let tries = 1; ; tries += 1) {
        const answer = await caller.call<T>(verb, resource, ask, verb === "apply" ? name : undefined);
        if ("found" in answer) return answer.found;
        if (answer.refused.reason === "AlreadyExists") return false;
        // Two creations that a quota counts collide in the quota's own object, not in ours.
        if (answer.refused.code !== 409 || tries === conflictTries) throw toRefusal(answer.refused, { verb, resource, namespace });
      }
    },
    async stream(verb, resource, ask, name, part = "") {
      count(verb, `${resource}${part}`);
      const response = await transport.open({ ...ask, path: toPath(resource, namespace, name) + part });
      if (response.statusCode === 200) return { found: response };
      return { refused: parseStatus(response.statusCode ?? 0, await readAll(response).catch(() => "")) };
    },
  };
  return caller;
}

function identify(object: ClusterObject): { resource: Resource; name: string } {
  const resource = findResource(object.kind);
  const name = object.metadata?.name;
  if (!resource || !name) throw new Error(`an object of kind ${object.kind} without a name, or of none that the platform knows`);
  return { resource, name };
}

/** What stands between us and the API server may answer 200 with a page. */
function parseFound<T>(body: string): T {
  try {
    return JSON.parse(body) as T; // The API server's own schema holds; its fields are read one by one where they are used.
  } catch (error) {
    throw new AppError("runtime_unavailable", "What answers at the cluster's address is not its API server", { cause: error });
  }
}
