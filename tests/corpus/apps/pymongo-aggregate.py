#> POST /fill
#> GET /totals
import os
import pymongo
from fastapi import FastAPI
sales = pymongo.MongoClient(os.environ["PLATFORM_MONGO_URI"]).get_default_database()["corpus_sales"]
app = FastAPI()
@app.post("/fill")
def fill():
    sales.drop()
    sales.create_index([("city", 1)])
    return len(sales.insert_many([{"city": c, "n": i} for i, c in enumerate("aabbbc")]).inserted_ids)
@app.get("/totals")
def totals():
    return list(sales.aggregate([{"$group": {"_id": "$city", "sum": {"$sum": "$n"}}}, {"$sort": {"_id": 1}}]))
