import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseTemplate, type Template } from "#core/contract/template.ts";
import type { TemplateView } from "#core/contract/template-view.ts";
import { AppError } from "#core/contract/problem.ts";
import type { Templates } from "./index.ts";

/**
 * Reads every template of `folder` at once.
 * @throws Error naming the file when one is not valid: they ship with the platform, so that is a bug of ours.
 */
export function createTemplates({ folder }: { folder: string }): Templates {
  const templates = readdirSync(folder)
    .filter((file) => file.endsWith(".yaml"))
    .map((file) => parseTemplate(readFileSync(join(folder, file), "utf8"), file))
    .sort((left, right) => left.order - right.order);
  const byId = new Map(templates.map((template) => [template.id, template]));
  return {
    list: () => templates.map(toView),
    get(id) {
      const template = byId.get(id);
      if (!template) throw new AppError("not_found", `There is no template ${id}. The templates are ${[...byId.keys()].join(", ")}.`);
      return { ...toView(template), files: template.files, entrypoint: template.entrypoint };
    },
  };
}

const toView = ({ id, name, description, complexity, tags, framework, database }: Template): TemplateView => ({
  id,
  name,
  description,
  complexity,
  tags: [...tags],
  framework,
  database,
  global: true,
});
