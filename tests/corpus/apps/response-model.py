#> GET /user
#> GET /broken
from fastapi import FastAPI
from pydantic import BaseModel
app = FastAPI()
class Public(BaseModel):
    name: str
class Private(Public):
    password: str
@app.get("/user", response_model=Public)
def user():
    return Private(name="ann", password="secret")
@app.get("/broken", response_model=Public)
def broken():
    return {"nothing": 1}
