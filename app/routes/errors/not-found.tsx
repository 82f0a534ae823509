import { data } from "react-router";
import { Failure } from "#app/components/failure.tsx";
import { TopBar } from "#app/components/top-bar.tsx";
import type { Route } from "./+types/not-found.ts";

const notFound = () =>
  data(
    { type: "about:blank", title: "Not found", status: 404, code: "not_found", detail: "There is no page at this address." },
    { status: 404 },
  );

export const loader = () => {
  throw notFound();
};
export const action = loader;

export default function NotFound() {
  return null;
}

export function ErrorBoundary({ error }: Route.ErrorBoundaryProps) {
  return (
    <>
      <TopBar />
      <main id="main" className="mx-auto max-w-5xl px-4 py-16 sm:px-6">
        <Failure error={error} />
      </main>
    </>
  );
}
