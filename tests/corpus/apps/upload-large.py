#> POST /hash big 3000000
#> POST /stream big 1500000
import hashlib
from fastapi import FastAPI, Request
app = FastAPI()
@app.post("/hash")
async def digest(request: Request):
    return hashlib.sha256(await request.body()).hexdigest()
@app.post("/stream")
async def stream(request: Request):
    total = 0
    async for chunk in request.stream():
        total += len(chunk)
    return total
