import type { ValidationResult } from "#core/contract/deployment.ts";
import type { Files } from "#core/contract/files.ts";

/** What the source shows at once, without running it. */
export type SourceCheck = (files: Files, entrypoint: string) => ValidationResult | Promise<ValidationResult>;

/** The file that `app` or `create_app()` is looked for in, unless an app says otherwise. */
export const defaultEntrypoint = "app.py";

/** What a new app without files or template begins with. */
export const blankApp = `from fastapi import FastAPI

app = FastAPI()


@app.get("/")
def read_root():
    return {"hello": "world"}
`;
