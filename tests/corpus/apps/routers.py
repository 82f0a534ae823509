#> GET /v1/items/
#> GET /v1/items/4
#> GET /v1/items
#> POST /v1/items/ json {"id":1}
#> GET /v2/users
from fastapi import APIRouter, FastAPI
items = APIRouter(prefix="/items", tags=["items"])
@items.get("/")
def listed():
    return [1, 2]
@items.post("/")
def made(item: dict[str, int]):
    return item
@items.get("/{n}")
def one(n: int):
    return n
users = APIRouter()
@users.get("/users")
async def people():
    return ["ann"]
app = FastAPI()
app.include_router(items, prefix="/v1")
app.include_router(users, prefix="/v2")
