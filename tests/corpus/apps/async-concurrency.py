#> GET /gather
#> GET /thread
#> GET /timeout
import asyncio
from fastapi import FastAPI
from fastapi.concurrency import run_in_threadpool
app = FastAPI()
async def one(n):
    await asyncio.sleep(0.005)
    return n
@app.get("/gather")
async def gather():
    return await asyncio.gather(*(one(n) for n in range(10)))
@app.get("/thread")
async def thread():
    return await run_in_threadpool(sum, range(100))
@app.get("/timeout")
async def timeout():
    try:
        await asyncio.wait_for(asyncio.sleep(5), 0.01)
    except TimeoutError:
        return "timed out"
