#> GET /items?skip=1&limit=2
#> GET /me [X-Key: k1]
#> GET /me [X-Key: nope]
#> GET /chain
from typing import Annotated
from fastapi import Depends, FastAPI, Header, HTTPException
app = FastAPI()
def paging(skip: int = 0, limit: int = 10):
    return {"skip": skip, "limit": limit}
def key(x_key: Annotated[str, Header()]):
    if x_key != "k1":
        raise HTTPException(401, "wrong key")
    return x_key
async def first():
    return 1
def second(one: Annotated[int, Depends(first)]):
    return one + 1
@app.get("/items")
def items(page: Annotated[dict, Depends(paging)]):
    return page
@app.get("/me")
def me(k: Annotated[str, Depends(key)]):
    return {"key": k}
@app.get("/chain")
async def chain(n: Annotated[int, Depends(second)], one: Annotated[int, Depends(first)]):
    return [n, one]
