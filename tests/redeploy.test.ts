/** The claim that visitors see nothing of a deployment: new versions and rollbacks under constant load, and no request fails. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { startLoad } from "../bench/load.ts";
import { startPlatform, type TestPlatform } from "./platform.ts";
import { waitFor } from "./wait.ts";

const visitorsPerSecond = 50;
/** Takes long enough that some requests are always under way when an instance is replaced. */
const slowApp = (edition: number): string => `import asyncio

from fastapi import FastAPI

app = FastAPI()


@app.get("/")
async def hello():
    await asyncio.sleep(0.2)
    return {"edition": ${edition}}
`;

let platform: TestPlatform;
beforeAll(async () => {
  platform = await startPlatform();
}, 180_000);
afterAll(() => platform?.stop(), 60_000);

test("deployments and rollbacks under 50 requests a second: none fails, and each order's version answers from its end on", async () => {
  const { token } = await platform.signUp();
  const app = await platform.deploy(token, "redeployed", { "app.py": slowApp(1) });
  const editions = new Set<number>();
  const load = startLoad(visitorsPerSecond, async () => {
    const answer = await platform.callApp(app.slug, "/");
    if (answer.status === 200) editions.add((answer.json() as { edition: number }).edition);
    return answer;
  });
  const order = async (path: string, body: object): Promise<void> => {
    const { deploymentId } = await platform.api<{ deploymentId: string }>(token, "POST", `/api/apps/${app.id}/${path}`, body);
    await platform.settled(token, deploymentId);
  };
  const edition = async (): Promise<unknown> => ((await platform.callApp(app.slug, "/")).json() as { edition: unknown }).edition;
  try {
    await waitFor("visitors come", () => editions.has(1));
    for (const next of [2, 3]) {
      await order("deploy", { files: { "app.py": slowApp(next) } });
      expect(await edition()).toBe(next);
      await order(`rollback/${next - 1}`, {});
      expect(await edition()).toBe(next - 1);
    }
    // New variables are a restart beside the running version.
    const vars = [{ name: "GREETING", value: "hi", secret: false }];
    const put = await platform.api<{ deploymentId: string }>(token, "PUT", `/api/apps/${app.id}/env`, { vars });
    await platform.settled(token, put.deploymentId);
    // One that cannot start leaves the live version to them.
    const broken = platform.api<{ deploymentId: string }>(token, "POST", `/api/apps/${app.id}/deploy`, {
      files: { "app.py": "from fastapi import FastAPI\n\napp = FastAPI()\nraise RuntimeError('never starts')\n" },
    });
    await expect(platform.settled(token, (await broken).deploymentId)).rejects.toThrow("never starts");
    expect(await edition()).toBe(2);
  } finally {
    await load.stop();
  }
  const { sent, failures } = await load.stop();
  expect(failures).toEqual([]);
  expect(sent).toBeGreaterThan(20);
  expect([...editions]).toEqual(expect.arrayContaining([1, 2]));
});
