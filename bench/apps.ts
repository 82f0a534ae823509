/** The apps that are measured: what an author would write, each giving away which edition of it answered. */

/** FastAPI with a model and two routes. */
export const helloApp = (edition = 1): string => `from fastapi import FastAPI
from pydantic import BaseModel

app = FastAPI()


class Item(BaseModel):
    name: str
    price: float = 0


@app.get("/")
def hello():
    return {"hello": "world", "edition": ${edition}}


@app.post("/items")
def add(item: Item):
    return item
`;

/** The same with a database that its first request asks. */
export const queryApp = (): string => `import os

from fastapi import FastAPI
from pymongo import MongoClient

app = FastAPI()
db = MongoClient(os.environ["PLATFORM_MONGO_URI"]).get_default_database()


@app.get("/")
def notes():
    return {"notes": [note["text"] for note in db.bench_notes.find().limit(20)]}
`;
