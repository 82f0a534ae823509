#> PATCH /items/1 json {"price":5}
#> GET /items/1
#> PATCH /items/2 json {}
from fastapi import FastAPI, HTTPException
from pydantic import BaseModel
app = FastAPI()
class Item(BaseModel):
    name: str | None = None
    price: float = 1
    tags: list[str] = []
items = {1: Item(name="pen")}
@app.get("/items/{n}")
def get(n: int):
    return items[n]
@app.patch("/items/{n}")
def patch(n: int, change: Item):
    if n not in items:
        raise HTTPException(404)
    items[n] = items[n].model_copy(update=change.model_dump(exclude_unset=True))
    return items[n]
