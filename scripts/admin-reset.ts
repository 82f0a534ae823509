/** `npm run admin:reset -- <email>`: a way back in for an administrator who lost their password. */
import { existsSync } from "node:fs";
import { resetAdmin } from "#server/accounts/index.ts";
import { readConfig } from "#server/config.ts";
import { runCommand } from "./command.ts";
import { withStorage } from "./open-storage.ts";

await runCommand(async (print) => {
  const [email] = process.argv.slice(2);
  if (!email) throw new Error("Whose password? npm run admin:reset -- <email>");
  const config = readConfig(process.env);
  if (!config.mongoUrl && !existsSync(config.dataDir))
    throw new Error(`There is no platform in ${config.dataDir}. DATA_DIR names another folder.`);
  const reset = await withStorage(config, (storage) => resetAdmin(storage, email));
  print(`${reset.email} is an administrator with a new password, shown this once:`);
  print(`\n  ${reset.password}\n`);
  print("Its sessions have ended. Its API tokens go on: revoke them under Settings if they may be in other hands.");
});
