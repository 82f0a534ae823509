#> DELETE /notes
#> POST /notes json {"text":"first"}
#> POST /notes json {"text":"second"}
#> GET /notes
#> GET /count
import os
import pymongo
from fastapi import FastAPI
client = pymongo.MongoClient(os.environ["PLATFORM_MONGO_URI"])
notes = client.get_default_database()["corpus_notes"]
app = FastAPI()
@app.delete("/notes", status_code=204)
def clear():
    notes.delete_many({})
@app.post("/notes", status_code=201)
def add(note: dict[str, str]):
    notes.insert_one({"n": notes.count_documents({}), **note})
    return note
@app.get("/notes")
def listed():
    return list(notes.find({}, {"_id": 0}).sort("n"))
@app.get("/count")
def count():
    return notes.count_documents({"text": {"$regex": "^f"}})
