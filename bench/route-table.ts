/** What the gateway's table of hosts costs in memory: the product's own table, filled from a database, in this process. */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { appModels } from "#server/apps/models.ts";
import { createRouteTable } from "#server/apps/index.ts";
import { connectStorage } from "#server/storage/index.ts";

/** KB of heap for each app of the platform's database at `url`. @throws Error unless it holds `expected` of them. */
export async function weighRouteTable(url: string, expected: number): Promise<number> {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  const storage = await connectStorage(url);
  const abort = new AbortController();
  try {
    const fill = async () => {
      const table = createRouteTable(appModels(storage.connection), storage);
      await table.start(abort.signal);
      return table;
    };
    // Twice: the first also pays for code and buffers that are made once.
    const first = await fill();
    collect();
    const before = process.memoryUsage().heapUsed;
    const table = await fill();
    collect();
    const after = process.memoryUsage().heapUsed;
    if (table.size !== expected || first.size !== expected) throw new Error(`the table holds ${table.size} apps instead of ${expected}`);
    return (after - before) / table.size / 1_000;
  } finally {
    abort.abort();
    await storage.close();
  }
}
