import type { Services } from "#server/services.ts";
import type { Handlers } from "./handler.ts";

type Id =
  | "listTemplates"
  | "createTemplate"
  | "getTemplate"
  | "updateTemplate"
  | "deleteTemplate"
  | "hideTemplate"
  | "unhideTemplate"
  | "listAllTemplates"
  | "moderateTemplate"
  | "removeTemplate";

export function templateHandlers({ templates }: Services): Pick<Handlers, Id> {
  const { everybodys } = templates;
  return {
    listTemplates: ({ caller, query }) => templates.list(caller, query),
    createTemplate: ({ caller, body }) => templates.create(caller, body),
    getTemplate: ({ caller, params }) => templates.get(caller, params.id),
    updateTemplate: ({ caller, params, body }) => templates.update(caller, params.id, body),
    async deleteTemplate({ caller, params }) {
      await templates.remove(caller, params.id);
      return undefined;
    },
    hideTemplate: ({ caller, params }) => templates.setHidden(caller, params.id, true),
    unhideTemplate: ({ caller, params }) => templates.setHidden(caller, params.id, false),
    listAllTemplates: ({ query }) => everybodys.list(query),
    moderateTemplate: ({ params, body }) => everybodys.update(params.id, body),
    async removeTemplate({ params }) {
      await everybodys.remove(params.id);
      return undefined;
    },
  };
}
