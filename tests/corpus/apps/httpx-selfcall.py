#> GET /outer
import httpx
from fastapi import FastAPI
app = FastAPI()
@app.get("/inner")
def inner():
    return {"inner": True}
@app.get("/outer")
async def outer():
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://self") as client:
        return (await client.get("/inner")).json()
