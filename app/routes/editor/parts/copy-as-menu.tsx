import { CopyIcon } from "lucide-react";
import { DeferredMenu } from "#app/components/ui/deferred-menu.tsx";
import type { Credentials } from "../request-auth.ts";
import { parseRequest, type RequestDraft } from "../requests.ts";

const loadList = () => import("./copy-as-list.tsx").then((module) => module.CopyAsList);

/** Copies the request as code for elsewhere; a variable stands for the credentials. */
export function CopyAsMenu({ draft, credentials, appUrl }: { draft: RequestDraft; credentials: Credentials; appUrl: string }) {
  // Those that are not given yet are left out of the code anyway.
  const { token, user, key } = credentials;
  const parsed = parseRequest(draft, { ...credentials, token: token || "token", user: user || "user", key: key || "key" });
  return (
    <DeferredMenu
      load={loadList}
      trigger={
        <button
          type="button"
          disabled={!parsed.ok}
          className="flex items-center gap-1 rounded px-1.5 text-xs whitespace-nowrap text-muted-foreground outline-none hover:text-foreground focus-visible:ring-2 focus-visible:ring-ring disabled:opacity-50"
        >
          <CopyIcon aria-hidden className="size-3.5" />
          Copy as
        </button>
      }
      own={{ request: parsed.ok ? parsed.request : null, appUrl }}
    />
  );
}
