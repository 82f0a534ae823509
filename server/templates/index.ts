/**
 * Templates: files to start from, with what a list shows of them. A user's own, and global ones, of which the first come with the
 * platform (`templates/*.yaml`) and are written into the collection at start.
 * Guarantees: every read and write is scoped by who asks, in one place; what an administrator changed, hid or deleted of a built-in one
 * survives restarts and upgrades; nothing of an app but its files comes into a template.
 */
export { createTemplates } from "./templates.ts";

import type { Scope } from "#core/contract/account.ts";
import type { Page, PageQuery } from "#core/contract/page.ts";
import type {
  Complexity,
  CreateTemplateInput,
  ModerateTemplateInput,
  OwnedTemplate,
  TemplateDetail,
  TemplateTab,
  TemplateView,
  UpdateTemplateInput,
} from "#core/contract/template-view.ts";

/** Who asks. The scope `admin` shows hidden global templates and lets change all global ones. */
export interface TemplateViewer {
  user: { id: string };
  scopes: ReadonlySet<Scope>;
}

export interface TemplateQuery extends PageQuery {
  tab?: TemplateTab | undefined;
  search?: string | undefined;
  complexity?: Complexity | undefined;
  tag?: string | undefined;
}

/** @throws AppError `not_found` for what is not there or not to be seen, `forbidden` for a change of what may be seen only. */
export interface Templates {
  /** The built-in ones first, then the newest. */
  list(viewer: TemplateViewer, query: TemplateQuery): Promise<Page<TemplateView>>;
  get(viewer: TemplateViewer, id: string): Promise<TemplateDetail>;
  /** @throws AppError `validation_failed` for files that break a rule, `quota_exceeded`, `forbidden` for a global one without the scope. */
  create(viewer: TemplateViewer, input: CreateTemplateInput): Promise<TemplateView>;
  update(viewer: TemplateViewer, id: string, input: UpdateTemplateInput): Promise<TemplateView>;
  setHidden(viewer: TemplateViewer, id: string, hidden: boolean): Promise<TemplateView>;
  remove(viewer: TemplateViewer, id: string): Promise<void>;
  /** Everybody's, for administrators only: whoever calls these has seen to that. */
  everybodys: {
    list(query: PageQuery & { search?: string | undefined }): Promise<Page<OwnedTemplate>>;
    update(id: string, input: ModerateTemplateInput): Promise<TemplateView>;
    remove(id: string): Promise<void>;
  };
}

export interface TemplatesDomain {
  templates: Templates;
  /** Brings the built-in ones into the collection, as far as no administrator decided otherwise. Repeating it changes nothing. */
  ship(): Promise<void>;
  /** Which of these bundles a template points to. */
  kept(hashes: string[]): Promise<Set<string>>;
  /** Removes what an account leaves behind. */
  removeOwned(userId: string): Promise<void>;
}
