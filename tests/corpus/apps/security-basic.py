#> GET /me [Authorization: Basic YW5uOnB3]
#> GET /me [Authorization: Basic eDp5]
#> GET /me
import secrets
from typing import Annotated
from fastapi import Depends, FastAPI, HTTPException
from fastapi.security import HTTPBasic, HTTPBasicCredentials
app = FastAPI()
@app.get("/me")
def me(who: Annotated[HTTPBasicCredentials, Depends(HTTPBasic())]):
    if not (secrets.compare_digest(who.username, "ann") and secrets.compare_digest(who.password, "pw")):
        raise HTTPException(401, "wrong", headers={"WWW-Authenticate": "Basic"})
    return who.username
