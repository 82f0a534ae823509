#> GET /docs
#> GET /openapi.json
#> GET /
from fastapi import FastAPI
app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
@app.get("/")
def root():
    return "quiet"
