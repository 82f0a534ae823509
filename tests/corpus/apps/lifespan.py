#> GET /
#> GET /state
from contextlib import asynccontextmanager
from fastapi import FastAPI, Request
models: dict[str, str] = {}
@asynccontextmanager
async def lifespan(app: FastAPI):
    models["one"] = "loaded"
    yield {"greeting": "from lifespan"}
    models.clear()
app = FastAPI(lifespan=lifespan)
@app.get("/")
def root():
    return models
@app.get("/state")
def state(request: Request):
    return request.state.greeting
