import type { Services } from "#server/services.ts";
import type { Handlers } from "./handler.ts";

type Id = "getDraftHost" | "removeDraftHost" | "runDraft" | "linkDraft" | "fillDraftDatabase" | "cancelDraftCopy";

export function draftHandlers({ drafts }: Services): Pick<Handlers, Id> {
  return {
    getDraftHost: ({ caller, params }) => drafts.get(caller.user.id, params.app),
    async removeDraftHost({ caller, params }) {
      await drafts.remove(caller.user.id, params.app);
      return undefined;
    },
    runDraft: ({ caller, params, body, source }) => drafts.run(caller.user, params.app, { ...body, source }),
    linkDraft: ({ caller, params, body }) => drafts.link(caller.user.id, params.app, body.path ?? "/"),
    fillDraftDatabase: ({ caller, params, body }) => drafts.fillDatabase(caller.user.id, params.app, body.from),
    cancelDraftCopy: ({ caller, params }) => drafts.cancelCopy(caller.user.id, params.app),
  };
}
