import { egressSettingsSchema } from "../settings.ts";
import { operation } from "./operation.ts";

const egressAnswer = { description: "What apps may reach on the Internet", schema: egressSettingsSchema } as const;

/** What only administrators see and change: the scope `admin`, which a token of anybody else never has. */
export const adminOperations = {
  getEgress: operation({
    id: "getEgress",
    method: "get",
    path: "/api/admin/egress",
    summary: "Which domains and ports of the Internet apps may reach; private addresses never",
    tag: "Admin",
    scope: "admin",
    answers: { 200: egressAnswer },
    problems: [],
  }),
  putEgress: operation({
    id: "putEgress",
    method: "put",
    path: "/api/admin/egress",
    summary: "Replace the domains and ports that apps may reach; it counts for new connections, at once",
    tag: "Admin",
    scope: "admin",
    body: egressSettingsSchema,
    answers: { 200: egressAnswer },
    problems: [],
  }),
} as const;
