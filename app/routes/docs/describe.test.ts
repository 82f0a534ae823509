import { expect, test } from "vitest";
import { z } from "zod";
import { operations, type Operation } from "#core/contract/operations/index.ts";
import { describeOperations, writeCurl, writeShape } from "./describe.ts";

test("every operation of the table is on the page, once, with an example", () => {
  const docs = describeOperations(operations, "http://localhost:3000").flatMap((group) => group.operations);
  expect(docs.map(({ id }) => id).sort()).toEqual(
    Object.values(operations)
      .map(({ id }) => id)
      .sort(),
  );
  for (const { example, path } of docs) expect(example).toContain(path.split("/:")[0]);
});

test("a schema is written in short hand, with what may be left out marked", () => {
  const schema = z.object({
    name: z.string(),
    scopes: z.array(z.enum(["read", "run"])).optional(),
    files: z.record(z.string(), z.string()),
  });
  expect(writeShape(z.toJSONSchema(schema) as never)).toBe(
    '{\n  name: string,\n  scopes?: ["read" | "run", …],\n  files: { "…": string }\n}',
  );
});

test("a curl call names its parameters, signs in only where needed and fills required fields only", () => {
  const body = z.object({ name: z.string(), description: z.string().optional() });
  const base: Operation = {
    id: "x",
    method: "post",
    path: "/api/apps/:app/x",
    summary: "",
    tag: "Apps",
    scope: "change",
    body,
    answers: {},
    problems: [],
  };
  expect(writeCurl(base, z.toJSONSchema(body) as never, "http://h")).toBe(
    `curl -X POST http://h/api/apps/APP/x \\\n  -H "Authorization: Bearer $TOKEN" \\\n  -H "Content-Type: application/json" \\\n  -d '{"name":"…"}'`,
  );
  expect(writeCurl({ ...base, method: "get", scope: "none" }, null, "http://h")).toBe("curl http://h/api/apps/APP/x");
});
