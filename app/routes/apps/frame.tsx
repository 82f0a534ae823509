/** The frame of all pages but the editor and sign-in: top bar, one column, failures inside it. */
import { Outlet } from "react-router";
import { Failure } from "#app/components/failure.tsx";
import { TopBar } from "#app/components/top-bar.tsx";
import type { Route } from "./+types/frame.ts";

export default function Frame() {
  return (
    <>
      <TopBar />
      <main id="main" className="mx-auto w-full max-w-6xl px-4 py-6 sm:px-6 sm:py-8">
        <Outlet />
      </main>
    </>
  );
}

export function ErrorBoundary({ error }: Route.ErrorBoundaryProps) {
  return (
    <>
      <TopBar />
      <main id="main" className="mx-auto w-full max-w-6xl px-4 py-16 sm:px-6">
        <Failure error={error} />
      </main>
    </>
  );
}
