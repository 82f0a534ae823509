#> GET /set?value=7
#> GET /get
from fastapi import FastAPI, Request
from starlette.middleware.sessions import SessionMiddleware
app = FastAPI()
app.add_middleware(SessionMiddleware, secret_key="fixed")
@app.get("/set")
def put(request: Request, value: int):
    return {"had": request.session.get("value"), "value": value}
@app.get("/get")
def get(request: Request):
    return dict(request.session)
