/** The frame of sign-in and sign-up: one quiet form, and beside it on a wide screen what it leads to. */
import { Link, Outlet } from "react-router";
import { FailurePage } from "#app/components/failure.tsx";
import { LogoMark } from "#app/components/logo.tsx";
import type { Route } from "./+types/layout.ts";

export default function AuthLayout() {
  return (
    <div className="grid min-h-dvh lg:grid-cols-[minmax(0,1fr)_minmax(0,1.1fr)]">
      <main id="main" className="flex flex-col px-6 py-8 sm:px-10">
        <Link
          to="/"
          className="flex w-fit items-center gap-2.5 rounded-md font-semibold tracking-tight outline-none focus-visible:ring-2 focus-visible:ring-ring"
        >
          <LogoMark />
          FastAPI Platform
        </Link>
        <div className="mx-auto flex w-full max-w-sm flex-1 flex-col justify-center py-10">
          <Outlet />
        </div>
      </main>
      <aside aria-label="About" className="hidden border-l bg-muted/50 lg:flex lg:flex-col lg:justify-center lg:px-16">
        <div className="max-w-lg">
          <p className="text-title">Write a Python API. Press Deploy. It has a URL and a database.</p>
          <p className="mt-2 text-muted-foreground">It sleeps while nobody calls it, and wakes on the next request.</p>
          <figure className="mt-8 overflow-hidden rounded-xl border bg-card shadow-popup">
            <figcaption className="flex items-center justify-between border-b px-4 py-2 text-[13px] text-muted-foreground">
              <span className="text-code">app.py</span>
              <span className="flex items-center gap-1.5 text-running">
                <span className="size-1.5 rounded-full bg-running" />
                Running
              </span>
            </figcaption>
            <pre className="overflow-x-auto px-4 py-3.5 text-[13px] leading-6">
              <code>
                <span className="text-primary">from</span>
                {" fastapi "}
                <span className="text-primary">import</span>
                {" FastAPI\n\napp = FastAPI()\n\n\n@app.get("}
                <span className="text-running">"/hello/{"{name}"}"</span>
                {")\n"}
                <span className="text-primary">def</span>
                {" hello(name: str):\n    "}
                <span className="text-primary">return</span>
                {" {"}
                <span className="text-running">"message"</span>
                {": f"}
                <span className="text-running">"Hello, {"{name}"}"</span>
                {"}"}
              </code>
            </pre>
          </figure>
        </div>
      </aside>
    </div>
  );
}

export function ErrorBoundary({ error }: Route.ErrorBoundaryProps) {
  return <FailurePage error={error} />;
}
