#> POST /login form username=ann&password=p%26q
#> POST /login form username=ann
#> POST /many form tag=a&tag=b
from typing import Annotated
from fastapi import FastAPI, Form
app = FastAPI()
@app.post("/login")
def login(username: Annotated[str, Form()], password: Annotated[str, Form()]):
    return {"username": username, "length": len(password)}
@app.post("/many")
async def many(tag: Annotated[list[str], Form()]):
    return tag
