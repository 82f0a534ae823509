import { eventStream, lastEventId } from "#server/http/sse.ts";
import type { Services } from "#server/services.ts";
import type { Handlers } from "./handler.ts";

type Id =
  | "validateFiles"
  | "validateApp"
  | "deployApp"
  | "getDeployment"
  | "watchDeployment"
  | "listVersions"
  | "getVersion"
  | "rollbackApp"
  | "sleepApp"
  | "wakeApp"
  | "restartApp";

export function deploymentHandlers({ apps, deployments, logger, stopping }: Services): Pick<Handlers, Id> {
  return {
    validateFiles: ({ body }) => apps.validateFiles(body.files, body.entrypoint),
    validateApp: ({ caller, params }) => apps.validate(caller.user.id, params.app),
    deployApp: ({ caller, params, body, source }) => deployments.start(caller.user, params.app, { ...body, source }),
    getDeployment: ({ caller, params }) => deployments.get(caller.user.id, params.id),
    async watchDeployment({ caller, params, request }) {
      // Asked before the stream begins, so that a stranger gets 404 and not an empty stream.
      await deployments.get(caller.user.id, params.id);
      const seen = lastEventId(request);
      const from = seen !== null && /^\d{1,6}$/.test(seen) ? Number(seen) + 1 : 0;
      return eventStream(
        request,
        (signal) => deployments.events(caller.user.id, params.id, signal),
        (event, index) => (index < from ? null : { id: String(index), data: event }),
        stopping,
        { logger },
      );
    },
    listVersions: ({ caller, params, query }) => deployments.listVersions(caller.user.id, params.app, query),
    getVersion: ({ caller, params }) => deployments.getVersion(caller.user.id, params.app, params.version),
    rollbackApp: ({ caller, params, source }) => deployments.rollback(caller.user, params.app, params.version, source),
    async sleepApp({ caller, params }) {
      await deployments.sleep(caller.user.id, params.app);
      return {};
    },
    async wakeApp({ caller, params }) {
      await deployments.wake(caller.user.id, params.app);
      return {};
    },
    restartApp: ({ caller, params }) => deployments.restart(caller.user.id, params.app),
  };
}
