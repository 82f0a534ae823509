/** The page that stands in for the platform while it prepares itself. Self-contained: nothing of the build exists yet. Pure. */
import type { Preparation, Step } from "./steps.ts";

/** Polled by the page's script; outside every name that the platform itself uses. */
export const preparationStatePath = "/_prepare/state.json";

/** Half a second is smooth enough for bars that move for minutes. */
const pollMs = 500;

/** The whole document. Works without JavaScript by reloading; with it, it is updated in place. */
export function renderPreparationPage(preparation: Preparation, nonce: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Preparing FastAPI Platform</title>
<noscript><meta http-equiv="refresh" content="2"></noscript>
<style nonce="${nonce}">${style}</style>
</head>
<body>
<main>
<h1>FastAPI Platform</h1>
<p id="lead">${lead(preparation)}</p>
<ol id="steps" aria-live="polite">${renderSteps(preparation.steps)}</ol>
<pre id="error" role="alert"${preparation.error ? "" : " hidden"}>${escapeHtml(preparation.error ?? "")}</pre>
</main>
<script nonce="${nonce}">${script}</script>
</body>
</html>
`;
}

export function renderSteps(steps: readonly Step[]): string {
  return steps.map(renderStep).join("");
}

function renderStep(step: Step): string {
  const known = step.fraction !== null;
  const bar =
    step.state === "running"
      ? `<progress max="100"${known ? ` value="${Math.round(step.fraction! * 100)}"` : ""} aria-label="${escapeHtml(step.title)}"></progress>`
      : "";
  return `<li data-state="${step.state}"><span class="dot" aria-hidden="true"></span><div><p><b>${escapeHtml(step.title)}</b><span class="state">${stateWords(step)}</span></p>${
    step.detail && step.state !== "done" ? `<p class="detail">${escapeHtml(step.detail)}</p>` : ""
  }${bar}</div></li>`;
}

function stateWords(step: Step): string {
  if (step.state === "waiting") return "waiting";
  const seconds = `${(step.elapsedMs / 1000).toFixed(step.elapsedMs < 10_000 ? 1 : 0)} s`;
  return step.state === "failed" ? `failed after ${seconds}` : seconds;
}

function lead(preparation: Preparation): string {
  if (preparation.state === "failed")
    return "It could not start. What happened is below and in the terminal; fix it, then run <code>npm start</code> again.";
  return "Getting ready for the first time. This takes a few minutes once; the next start takes seconds.";
}

export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

// The platform's tokens (app/app.css), as few as this page needs.
const style = `
:root{--background:oklch(1 0 0);--foreground:oklch(.2 0 0);--muted:oklch(.5 0 0);--line:oklch(.92 0 0);--accent:oklch(.52 .13 165);--destructive:oklch(.53 .2 27)}
@media (prefers-color-scheme:dark){:root{--background:oklch(.17 0 0);--foreground:oklch(.95 0 0);--muted:oklch(.7 0 0);--line:oklch(.28 0 0);--accent:oklch(.74 .14 165);--destructive:oklch(.72 .17 25)}}
*{box-sizing:border-box}
body{margin:0;min-height:100vh;display:grid;place-items:center;background:var(--background);color:var(--foreground);font:14px/20px ui-sans-serif,system-ui,sans-serif}
main{width:min(520px,100vw - 32px);padding:32px 0}
h1{font-size:20px;line-height:28px;margin:0 0 4px}
p{margin:0}
#lead{color:var(--muted);margin-bottom:24px}
ol{list-style:none;margin:0;padding:0;border:1px solid var(--line);border-radius:10px}
li{display:grid;grid-template-columns:10px 1fr;gap:12px;padding:12px 16px}
li+li{border-top:1px solid var(--line)}
li>div>p:first-child{display:flex;justify-content:space-between;gap:12px}
b{font-weight:500}
.dot{width:10px;height:10px;border-radius:50%;margin-top:5px;border:1.5px solid var(--muted)}
[data-state=running] .dot{border-color:var(--accent);border-right-color:transparent;animation:turn 1s linear infinite}
[data-state=done] .dot{background:var(--accent);border-color:var(--accent)}
[data-state=failed] .dot{background:var(--destructive);border-color:var(--destructive)}
.state,.detail{color:var(--muted);font-variant-numeric:tabular-nums}
.detail{font:13px/18px ui-monospace,monospace;overflow-wrap:anywhere;margin-top:2px}
progress{width:100%;height:4px;display:block;margin-top:8px;accent-color:var(--accent)}
pre{margin:16px 0 0;padding:12px 16px;border:1px solid var(--destructive);border-radius:10px;white-space:pre-wrap;overflow-wrap:anywhere;font:13px/18px ui-monospace,monospace}
code{font:13px ui-monospace,monospace}
@keyframes turn{to{transform:rotate(1turn)}}
@media (prefers-reduced-motion:reduce){.dot{animation:none!important}}
`;

// The server renders the list; the script only puts it in. When the platform is there (or there again) the page reloads into it.
const script = `
const byId=(id)=>document.getElementById(id);
let failed=false;
async function poll(){
  try{
    const answer=await fetch(${JSON.stringify(preparationStatePath)},{cache:"no-store"});
    if(!answer.ok||!(answer.headers.get("content-type")||"").startsWith("application/json"))return location.reload();
    const state=await answer.json();
    if(state.state==="ready"||(failed&&state.state==="preparing"))return location.reload();
    if(byId("steps").innerHTML!==state.stepsHtml)byId("steps").innerHTML=state.stepsHtml;
    if(state.state==="failed"){failed=true;byId("lead").innerHTML=state.leadHtml;byId("error").textContent=state.error;byId("error").hidden=false}
  }catch{}
  setTimeout(poll,failed?2000:${pollMs});
}
setTimeout(poll,${pollMs});
`;

/** What the page's script gets. */
export function toPageState(preparation: Preparation): Record<string, unknown> {
  return {
    state: preparation.state,
    error: preparation.error,
    steps: preparation.steps,
    stepsHtml: renderSteps(preparation.steps),
    leadHtml: lead(preparation),
  };
}
