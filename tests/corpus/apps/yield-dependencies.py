#> GET /open
#> GET /fail
#> GET /log
from typing import Annotated
from fastapi import Depends, FastAPI, HTTPException
app = FastAPI()
log: list[str] = []
def session():
    log.append("open")
    try:
        yield "session"
    except HTTPException:
        log.append("rolled back")
        raise
    finally:
        log.append("close")
@app.get("/open")
def opened(s: Annotated[str, Depends(session)]):
    return s
@app.get("/fail")
def fail(s: Annotated[str, Depends(session)]):
    raise HTTPException(409, "conflict")
@app.get("/log")
def read():
    return log
