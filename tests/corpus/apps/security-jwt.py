#> POST /token form username=ann&password=pw
#> GET /me [Authorization: Bearer eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJhbm4ifQ.nope]
#> GET /me
from typing import Annotated
import jwt
from fastapi import Depends, FastAPI, HTTPException
from fastapi.security import OAuth2PasswordBearer, OAuth2PasswordRequestForm
app = FastAPI()
key = "k" * 32
@app.post("/token")
def token(form: Annotated[OAuth2PasswordRequestForm, Depends()]):
    return {"access_token": jwt.encode({"sub": form.username}, key, algorithm="HS256"), "token_type": "bearer"}
@app.get("/me")
def me(token: Annotated[str, Depends(OAuth2PasswordBearer(tokenUrl="token"))]):
    try:
        return jwt.decode(token, key, algorithms=["HS256"])
    except jwt.PyJWTError as error:
        raise HTTPException(401, type(error).__name__)
