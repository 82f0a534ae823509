#> GET /search?q=a%20b&limit=3&tag=x&tag=y
#> GET /search
#> GET /search?q=a&limit=0
#> GET /flags?on=yes&off=false
from typing import Annotated
from fastapi import FastAPI, Query
app = FastAPI()
@app.get("/search")
def search(q: str, limit: Annotated[int, Query(ge=1, le=10)] = 5, tag: Annotated[list[str] | None, Query()] = None):
    return {"q": q, "limit": limit, "tag": tag}
@app.get("/flags")
def flags(on: bool, off: bool):
    return {"on": on, "off": off}
