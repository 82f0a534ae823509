/** Files to start from. The global ones are read from `templates/*.yaml` at start and checked against their schema. */
export { createTemplates } from "./templates.ts";

import type { TemplateDetail, TemplateView } from "#core/contract/template-view.ts";

export interface Templates {
  list(): TemplateView[];
  /** @throws AppError `not_found`. */
  get(id: string): TemplateDetail;
}
