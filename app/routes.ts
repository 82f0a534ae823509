/** The map of the product. */
import { index, layout, route, type RouteConfig } from "@react-router/dev/routes";

export default [
  index("routes/apps/home.ts"),
  route("theme", "routes/settings/theme.ts"),

  layout("routes/auth/layout.tsx", [route("sign-in", "routes/auth/sign-in.tsx"), route("sign-up", "routes/auth/sign-up.tsx")]),
  route("sign-out", "routes/auth/sign-out.tsx"),

  layout("routes/apps/frame.tsx", [
    route("apps", "routes/apps/list.tsx"),
    route("apps/new", "routes/editor/new.tsx"),
    route("apps/import", "routes/apps/import.tsx"),
    route("apps/:slug", "routes/dashboard/dashboard.tsx"),
    route("apps/:slug/copy", "routes/templates/copy.tsx"),
    route("templates/:id", "routes/templates/template.tsx"),
    route("settings", "routes/settings/settings.tsx"),
    route("docs/api", "routes/docs/api.tsx"),
  ]),

  // The editor takes the whole window.
  route("apps/:slug/edit", "routes/editor/editor.tsx"),
  route("apps/:slug/draft", "routes/editor/draft-link.ts"),
  route("apps/:slug/edit/draft-host", "routes/editor/draft-host.ts"),
  route("apps/:slug/edit/draft", "routes/editor/draft.ts"),
  route("apps/:slug/edit/deploy", "routes/editor/deploy.ts"),
  route("apps/:slug/edit/manage", "routes/editor/manage.ts"),
  route("apps/:slug/edit/packages", "routes/editor/packages.ts"),
  route("apps/:slug/edit/send", "routes/editor/send.ts"),
  route("apps/:slug/edit/settings", "routes/editor/settings.ts"),
  route("apps/:slug/edit/versions", "routes/editor/versions.ts"),
  route("apps/:slug/edit/versions/:number", "routes/editor/version.ts"),

  // What pages ask for while they stand: resource routes.
  route("apps/:slug/logs", "routes/dashboard/log-file.ts"),
  route("templates/:id/files", "routes/templates/files.ts"),
  route("palette", "routes/apps/palette.ts"),
  route("python-types/:name", "routes/editor/python-types.ts"),
  route("streams/deployments/:id", "routes/editor/deployment-stream.ts"),
  route("streams/apps/:slug/logs", "routes/dashboard/log-stream.ts"),

  route("*", "routes/errors/not-found.tsx"),
] satisfies RouteConfig;
