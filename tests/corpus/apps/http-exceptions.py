#> GET /items/1
#> GET /items/9
#> GET /forbidden
#> GET /crash
from fastapi import FastAPI, HTTPException
app = FastAPI()
@app.get("/items/{number}")
def item(number: int):
    if number > 5:
        raise HTTPException(status_code=404, detail={"reason": "no such item", "number": number})
    return number
@app.get("/forbidden")
def forbidden():
    raise HTTPException(403, "not for you", headers={"X-Why": "because"})
@app.get("/crash")
def crash():
    return 1 / 0
