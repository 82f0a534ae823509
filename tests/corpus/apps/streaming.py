#> GET /numbers
#> GET /bytes
#> GET /sync
import asyncio
from fastapi import FastAPI
from fastapi.responses import StreamingResponse
app = FastAPI()
async def numbers():
    for n in range(5):
        yield f"{n}\n"
        await asyncio.sleep(0.005)
@app.get("/numbers")
def stream():
    return StreamingResponse(numbers(), media_type="text/plain")
@app.get("/bytes")
async def raw():
    return StreamingResponse((bytes([n]) * 1000 for n in range(100)), media_type="application/octet-stream", headers={"X-Parts": "100"})
@app.get("/sync")
def sync():
    return StreamingResponse(iter(["a", "b"]))
