#> POST /items json {"name":"pen","price":1.5}
#> POST /items json {"name":"pen"}
#> POST /items json {"name":
#> PUT /items/7 json {"name":"ink","price":2,"tags":["a","b"]}
from fastapi import FastAPI
from pydantic import BaseModel, Field
app = FastAPI()
class Item(BaseModel):
    name: str = Field(min_length=1)
    price: float
    tags: set[str] = set()
@app.post("/items", status_code=201)
def create(item: Item):
    return item.model_dump(mode="json") | {"tags": sorted(item.tags)}
@app.put("/items/{number}")
async def replace(number: int, item: Item):
    return {"number": number, "name": item.name, "tags": sorted(item.tags)}
