#> GET /long
#> GET /missing
#> GET /long [Accept-Encoding: gzip]
#> GET /short [Accept-Encoding: gzip]
from fastapi import FastAPI
from fastapi.middleware.gzip import GZipMiddleware
app = FastAPI()
app.add_middleware(GZipMiddleware, minimum_size=500)
@app.get("/long")
def long():
    return {"text": "ab" * 2000}
@app.get("/short")
def short():
    return "ab"
