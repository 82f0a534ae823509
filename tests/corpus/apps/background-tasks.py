#> POST /notify?who=ann
#> GET /sent
#> POST /async
import asyncio
from fastapi import BackgroundTasks, FastAPI
app = FastAPI()
sent: list[str] = []
def write(who: str):
    sent.append(who)
async def later():
    await asyncio.sleep(0.01)
    sent.append("later")
@app.post("/notify", status_code=202)
def notify(who: str, tasks: BackgroundTasks):
    tasks.add_task(write, who)
    return {"queued": who}
@app.post("/async")
async def queue(tasks: BackgroundTasks):
    tasks.add_task(later)
    return "queued"
@app.get("/sent")
def read():
    return sent
