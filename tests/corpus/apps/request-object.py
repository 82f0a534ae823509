#> GET /where?a=1
#> GET /scheme
#> PATCH /method
from fastapi import FastAPI, Request
app = FastAPI()
@app.get("/where")
def where(request: Request):
    return {"path": request.url.path, "query": request.url.query, "host": request.url.hostname, "client": request.client.host}
@app.get("/scheme")
def scheme(request: Request):
    return [request.url.scheme, request["http_version"], request["root_path"], str(request.url_for("method"))]
@app.patch("/method", name="method")
def method(request: Request):
    return request.method
