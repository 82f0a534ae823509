#> GET /items/3
#> GET /items/x
#> GET /files/a/b/c.txt
#> GET /models/small
#> GET /models/huge
from enum import Enum
from fastapi import FastAPI
app = FastAPI()
class Size(str, Enum):
    small = "small"
    large = "large"
@app.get("/items/{item_id}")
def item(item_id: int):
    return {"item_id": item_id}
@app.get("/files/{path:path}")
def file(path: str):
    return {"path": path}
@app.get("/models/{size}")
def model(size: Size):
    return {"size": size}
