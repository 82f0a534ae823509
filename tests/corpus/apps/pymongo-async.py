#> POST /reset
#> POST /hits
#> POST /hits
#> GET /hits
import os
from contextlib import asynccontextmanager
from fastapi import FastAPI
from pymongo import AsyncMongoClient
@asynccontextmanager
async def lifespan(app: FastAPI):
    client = AsyncMongoClient(os.environ["PLATFORM_MONGO_URI"])
    app.state.hits = client.get_default_database()["corpus_hits"]
    yield
    await client.close()
app = FastAPI(lifespan=lifespan)
@app.post("/reset")
async def reset():
    await app.state.hits.delete_many({})
    return "reset"
@app.post("/hits")
async def hit():
    done = await app.state.hits.update_one({"name": "page"}, {"$inc": {"n": 1}}, upsert=True)
    return done.acknowledged
@app.get("/hits")
async def read():
    return (await app.state.hits.find_one({"name": "page"}, {"_id": 0}))
