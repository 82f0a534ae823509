#> GET /all [X-One: 1] [X-Two: a, b] [Accept-Language: no]
from fastapi import FastAPI, Request
app = FastAPI()
@app.get("/all")
def everything(request: Request):
    return {k: request.headers.getlist(k) for k in ("x-one", "x-two", "accept-language", "host", "x-fp-instance")}
