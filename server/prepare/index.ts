/**
 * Everything between `npm start` and a platform that answers: one instance per data folder, a port, Python, database, build,
 * and the page that shows it. Guarantees: interrupted anywhere, the next start carries on; what it makes is whole or not there.
 * Does not know what the platform does: that is `server/app.ts`, loaded when all of this is done.
 */
export { runPlatform, type RunOptions } from "./bootstrap.ts";
export type { PlatformApp, PlatformModule, StartOptions } from "./platform-app.ts";
