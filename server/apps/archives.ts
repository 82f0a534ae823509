import { packApp, unpackApp } from "#core/app-archive.ts";
import type { AppDetail } from "#core/contract/app.ts";
import { appFileName } from "#core/contract/app-file.ts";
import { AppError } from "#core/contract/problem.ts";
import { appLimits } from "#core/limits.ts";
import type { Bundles } from "./bundles.ts";
import { findProblems, type AppEnv } from "./env.ts";
import type { Apps } from "./index.ts";
import type { NewBoundApp } from "./insert.ts";
import type { AppRecord } from "./models.ts";

/** Apps as ZIPs, out and in. */
export function createArchives(parts: {
  bundles: Bundles;
  env: AppEnv;
  requireOwn(ownerId: string, ref: string): Promise<AppRecord>;
  make(ownerId: string, app: NewBoundApp): Promise<AppDetail>;
}): Pick<Apps, "exportZip" | "importZip"> {
  const { bundles, env } = parts;
  return {
    async exportZip(ownerId, ref, from = "draft") {
      const { _id, slug, draft, live, ...record } = await parts.requireOwn(ownerId, ref);
      const taken = from === "draft" ? draft : live;
      if (!taken) throw new AppError("not_deployed", "This app was never deployed: export its draft instead.");
      const [files, vars] = await Promise.all([bundles.read(taken.hash), env.list(String(_id))]);
      const { name, description, entrypoint, databaseId, sleepAfterMinutes } = record;
      const app = { name, description, entrypoint, database: databaseId != null, sleepAfterMinutes, env: vars, files };
      return { bytes: packApp(app, taken.updatedAt), fileName: `${slug}.zip` };
    },
    async importZip(ownerId, zip, fileName = "") {
      const found = unpackApp(zip);
      const refuse = (problems: AppError["problems"]): never => {
        throw new AppError("validation_failed", `This ZIP cannot be imported: ${problems?.[0]?.message ?? ""} Nothing was made.`, {
          problems: problems ?? [],
        });
      };
      if ("problems" in found) return refuse(found.problems);
      const { files, entrypoint, settings, env: vars, missingValues, leftOut } = found;
      const wrong = findProblems(vars, new Set()).map(({ message }) => ({
        ...{ file: appFileName, line: 1, column: 1, code: "invalid_app_file", severity: "error" as const },
        message,
      }));
      if (wrong.length > 0) return refuse(wrong);
      const { description = "", database = true, sleepAfterMinutes } = settings;
      const name = settings.name ?? toName(fileName);
      const app = await parts.make(ownerId, { name, description, entrypoint, files, database, sleepAfterMinutes });
      if (vars.length > 0) await env.replace(app.id, vars);
      return { app, leftOut: [...leftOut], missingValues };
    },
  };
}

/** `shop-main (1).zip` is called "shop-main". */
function toName(fileName: string): string {
  const name = fileName
    .replace(/^.*[/\\]/, "")
    .replace(/( \(\d+\))?\.zip$/i, "")
    .trim();
  return name.slice(0, appLimits.nameCharacters) || "Imported app";
}
