/** What a failed page says: what happened, what was kept, what to do, and the name of the request for whoever looks into it. */
import { isRouteErrorResponse, Link, useLocation } from "react-router";
import { LogoMark } from "./logo.tsx";
import { buttonVariants } from "./ui/button-variants.ts";
import { describeFailure } from "./failure-words.ts";

/** A whole page without a frame, for the root's boundary. */
export function FailurePage({ error }: { error: unknown }) {
  return (
    <main id="main" className="mx-auto flex min-h-dvh max-w-xl flex-col justify-center px-6 py-16">
      <Link
        to="/"
        aria-label="FastAPI Platform"
        className="mb-6 w-fit rounded-md outline-none focus-visible:ring-2 focus-visible:ring-ring"
      >
        <LogoMark className="size-8" />
      </Link>
      <Failure error={error} />
    </main>
  );
}

/** The failure itself, inside a frame that still stands. */
export function Failure({ error }: { error: unknown }) {
  const location = useLocation();
  const response = isRouteErrorResponse(error) ? { status: error.status, data: error.data as unknown } : null;
  const { title, text, kept, retry, requestId } = describeFailure(response);
  return (
    <div role="alert" className="flex flex-col items-start gap-2">
      <p className="text-code text-muted-foreground">{response?.status ?? "Page error"}</p>
      <h1 className="text-title">{title}</h1>
      <p className="max-w-[60ch] text-muted-foreground">{text}</p>
      <p className="max-w-[60ch] text-muted-foreground">{kept}</p>
      <div className="mt-4 flex flex-wrap gap-2">
        {retry && (
          <a href={location.pathname + location.search} className={buttonVariants()}>
            Try again
          </a>
        )}
        <Link to="/apps" className={buttonVariants({ variant: retry ? "outline" : "default" })}>
          Go to your apps
        </Link>
      </div>
      {requestId !== undefined && (
        <p className="mt-4 text-[13px] text-muted-foreground">
          Request <code className="text-code select-all">{requestId}</code>
        </p>
      )}
    </div>
  );
}
