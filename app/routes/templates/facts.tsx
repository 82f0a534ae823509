import { DatabaseIcon, EyeOffIcon, FileCode2Icon, SignalIcon, UserIcon } from "lucide-react";
import type { TemplateView } from "#core/contract/template-view.ts";
import { complexityWords } from "./gallery-filters.tsx";

const frameworks: Readonly<Record<string, string>> = { fastapi: "FastAPI", fasthtml: "FastHTML", asgi: "ASGI" };
const fact = "flex items-center gap-1 [&_svg]:size-3.5";

/** What a template is made with and what it needs, in one line. */
export function TemplateFacts({ template: { framework, complexity, database, global, hidden } }: { template: TemplateView }) {
  return (
    <span className="flex flex-wrap items-center gap-x-3 gap-y-1 text-xs text-muted-foreground">
      <span className={fact}>
        <FileCode2Icon aria-hidden />
        {frameworks[framework ?? ""] ?? "Python"}
      </span>
      <span className={fact}>
        <SignalIcon aria-hidden />
        {complexityWords[complexity]}
      </span>
      {database && (
        <span className={fact}>
          <DatabaseIcon aria-hidden />
          Database
        </span>
      )}
      {!global && (
        <span className={fact}>
          <UserIcon aria-hidden />
          Mine
        </span>
      )}
      {hidden && (
        <span className={`${fact} font-medium text-foreground`}>
          <EyeOffIcon aria-hidden />
          Hidden
        </span>
      )}
    </span>
  );
}
