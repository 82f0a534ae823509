/** One platform for a file of API tests, with two users who know nothing of each other. */
import { createClient, type Client, type CallInput } from "#core/contract/client.ts";
import type { OperationId } from "#core/contract/operations/index.ts";
import { createTestDatabase } from "../database.ts";
import { startPlatform, type TestPlatform } from "../platform.ts";

export interface Person {
  id: string;
  token: string;
  client: Client;
}

export interface ApiWorld extends AsyncDisposable {
  platform: TestPlatform;
  owner: Person;
  stranger: Person;
}

export async function createApiWorld(): Promise<ApiWorld> {
  const database = createTestDatabase();
  const platform = await startPlatform({ MONGO_URL: database.url, WARM_POOL: "1" });
  const person = async (email: string): Promise<Person> => {
    const { token, id } = await platform.signUp(email);
    return { id, token, client: createClient({ baseUrl: `http://127.0.0.1:${platform.port}`, token }) };
  };
  return {
    platform,
    owner: await person("owner@example.com"),
    stranger: await person("stranger@example.com"),
    async [Symbol.asyncDispose]() {
      await platform.stop();
      await database[Symbol.asyncDispose]();
    },
  };
}

export const helloFiles = {
  "app.py": [
    "from fastapi import FastAPI, Request",
    "app = FastAPI()",
    '@app.get("/")',
    "def home(): return {'hello': 'world'}",
    '@app.api_route("/echo", methods=["GET", "POST"])',
    "async def echo(request: Request):",
    "    print('echoing')",
    "    return {'headers': dict(request.headers), 'body': (await request.body()).decode()}",
    '@app.get("/away")',
    "def away():",
    "    from fastapi.responses import RedirectResponse",
    "    return RedirectResponse('/')",
    '@app.get("/bytes")',
    "def raw():",
    "    from fastapi import Response",
    "    return Response(bytes([255, 254, 0]), media_type='application/octet-stream')",
    '@app.get("/broken")',
    "def broken(): raise ValueError('as planned')",
  ].join("\n"),
};

/** Something valid for every operation that names an app, a deployment, a token or a template. */
export function inputsFor(names: { app: string; deploymentId: string; requestId: string; template: string }): {
  [Id in OperationId]?: CallInput<Id>;
} {
  const { app, deploymentId, requestId, template } = names;
  const params = { app };
  return {
    deleteToken: { params: { id: "0123456789abcdef01234567" } },
    getApp: { params },
    updateApp: { params, body: { description: "taken" } },
    deleteApp: { params },
    getDraftHost: { params },
    removeDraftHost: { params },
    runDraft: { params },
    linkDraft: { params },
    fillDraftDatabase: { params, body: { from: "empty" } },
    cancelDraftCopy: { params },
    saveDraft: { params, body: { files: helloFiles } },
    cloneApp: { params },
    exportApp: { params },
    getEnv: { params },
    putEnv: { params, body: { vars: [] } },
    validateApp: { params },
    deployApp: { params },
    getDeployment: { params: { id: deploymentId } },
    watchDeployment: { params: { id: deploymentId } },
    listVersions: { params },
    getVersion: { params: { app, version: 1 } },
    rollbackApp: { params: { app, version: 1 } },
    sleepApp: { params },
    wakeApp: { params },
    restartApp: { params },
    proxyApp: { params, body: { method: "GET", path: "/" } },
    listRequests: { params },
    getRequest: { params: { app, id: requestId } },
    getMetrics: { params, query: { window: "24h" } },
    listLogs: { params },
    createLogTicket: { params },
    getTemplate: { params: { id: template } },
    updateTemplate: { params: { id: template }, body: { description: "taken" } },
    deleteTemplate: { params: { id: template } },
    hideTemplate: { params: { id: template } },
    unhideTemplate: { params: { id: template } },
    moderateTemplate: { params: { id: template }, body: { hidden: true } },
    removeTemplate: { params: { id: template } },
  };
}
