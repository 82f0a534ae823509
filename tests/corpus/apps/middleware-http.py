#> GET /
#> GET /blocked
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
app = FastAPI()
@app.middleware("http")
async def mark(request: Request, call_next):
    if request.url.path == "/blocked":
        return JSONResponse({"blocked": True}, status_code=403)
    response = await call_next(request)
    response.headers["X-Marked"] = "1"
    return response
@app.get("/")
def root():
    return "ok"
