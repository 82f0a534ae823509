/** Where an app's host leads. The gateway's own view of an app; the apps domain implements the table. */
export interface Route {
  appId: string;
  slug: string;
  /** `live`: awake, or wakes on request. `stopped`: stopped on purpose, does not wake. `never`: nothing was deployed yet. */
  state: "live" | "stopped" | "never";
  /** The host of an app's draft: its owner's alone, who shows the pass that a link gave. */
  draft?: boolean;
  /** Why a stopped app is stopped, in plain words a visitor may read. */
  reason?: string | undefined;
  /** Idle time after which the app is put to sleep. */
  sleepAfterMs: number;
}

/** What an app is called, for link previews. */
export interface About {
  name: string;
  description: string;
}

/**
 * Asked for every request, so an implementation answers from memory; a promise is allowed for the first look at an app.
 * What `find` and `findById` say is believed at once: a stopped app is refused from the next request on.
 */
export interface RouteTable {
  find(slug: string): Route | undefined | Promise<Route | undefined>;
  findById(appId: string): Route | undefined | Promise<Route | undefined>;
  /** Asked for once in a while, so it may read the database, and the table holds no texts. */
  describe(appId: string): Promise<About | undefined>;
}
