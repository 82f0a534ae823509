/** A platform whose apps are made from templates, and what they are asked. */
import { expect } from "vitest";
import type { Answer } from "../http.ts";
import { startPlatform, type TestPlatform } from "../platform.ts";

export interface TemplateWorld {
  platform: TestPlatform;
  /** Makes and deploys an app from a template and answers its slug; `unbound` without a database. */
  deploy(template: string, unbound?: boolean): Promise<string>;
  /** An app of the template, made when it is first asked for. */
  get(template: string, path: string, headers?: Record<string, string>): Promise<Answer>;
  /** A form. */
  post(template: string, path: string, form?: Record<string, string>, headers?: Record<string, string>): Promise<Answer>;
  /** `body` as JSON. */
  json(template: string, method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer>;
  slugOf(template: string): Promise<string>;
  redeploy(template: string): Promise<void>;
  /** Secrets of its app; resolves when it runs with them. */
  setEnv(template: string, secrets: Record<string, string>): Promise<void>;
  /** The page is one of its own: declared encoding and width, nothing from another host, and all that it loads is there. */
  expectWholePage(template: string, page: Answer): Promise<void>;
}

export async function startTemplateWorld(): Promise<TemplateWorld> {
  const platform = await startPlatform();
  const { token } = await platform.signUp();
  const slugs = new Map<string, Promise<string>>();
  const deploy = async (template: string, unbound = false): Promise<string> => {
    const body = { name: unbound ? `${template} alone` : template, template, ...(unbound ? { database: null } : {}) };
    const app = await platform.api<{ id: string; slug: string }>(token, "POST", "/api/apps", body);
    const { deploymentId } = await platform.api<{ deploymentId: string }>(token, "POST", `/api/apps/${app.id}/deploy`, {});
    await platform.settled(token, deploymentId);
    return app.slug;
  };
  const slugOf = (template: string): Promise<string> => {
    if (!slugs.has(template)) slugs.set(template, deploy(template));
    return slugs.get(template)!;
  };
  const settle = async (order: Promise<{ deploymentId?: string | null }>): Promise<void> => {
    const { deploymentId } = await order;
    if (deploymentId) await platform.settled(token, deploymentId);
  };
  const get: TemplateWorld["get"] = async (template, path, headers = {}) => platform.callApp(await slugOf(template), path, { headers });
  return {
    platform,
    deploy,
    slugOf,
    get,
    redeploy: async (template) => settle(platform.api(token, "POST", `/api/apps/${await slugOf(template)}/deploy`, {})),
    setEnv: async (template, secrets) =>
      settle(
        platform.api(token, "PUT", `/api/apps/${await slugOf(template)}/env`, {
          vars: Object.entries(secrets).map(([name, value]) => ({ name, value, secret: true })),
        }),
      ),
    post: async (template, path, form = {}, headers = {}) =>
      platform.callApp(await slugOf(template), path, {
        method: "POST",
        headers: { "content-type": "application/x-www-form-urlencoded", ...headers },
        body: new URLSearchParams(form).toString(),
      }),
    json: async (template, method, path, body, headers = {}) =>
      platform.callApp(await slugOf(template), path, {
        method,
        headers: { "content-type": "application/json", ...headers },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      }),
    async expectWholePage(template, page) {
      expect(page.headers["content-type"]).toBe("text/html; charset=utf-8");
      expect(page.text).toMatch(/<html lang="en">/);
      expect(page.text).toMatch(/<meta charset="utf-8">/);
      expect(page.text).toMatch(/<meta name="viewport" content="width=device-width, initial-scale=1[^"]*">/);
      const named = references(page.text);
      expect(named.filter((reference) => /^(?:[a-z][a-z+.-]*:|\/\/)/i.test(reference))).toEqual([]);
      const files = [...new Set(named.filter((reference) => reference.startsWith("/static/")))];
      expect(files.length).toBeGreaterThan(0);
      for (const file of files) {
        const answer = await get(template, file);
        expect(answer.status, file).toBe(200);
        expect(answer.headers["content-type"], file).toMatch(file.endsWith(".css") ? /^text\/css/ : /javascript/);
        if (file.endsWith(".css")) expect(references(answer.text)).toEqual([]);
      }
    },
  };
}

/** Everything a page names that a browser would load or follow: attributes, style sheets' `url()` and `@import`. */
function references(text: string): string[] {
  const attributes = [...text.matchAll(/\b(?:src|href|action|poster|data|srcset|formaction|hx-[a-z-]+)="([^"]*)"/g)].map(
    ([, value]) => value!,
  );
  const styles = [...text.matchAll(/(?:url\(\s*|@import\s+)["']?([^"')\s;]+)/g)].map(([, value]) => value!);
  return [...attributes, ...styles];
}
