#> GET /events [Accept: text/event-stream]
from fastapi import FastAPI
from fastapi.responses import StreamingResponse
app = FastAPI()
async def events():
    for n in range(3):
        yield f"id: {n}\nevent: tick\ndata: {n}\n\n"
@app.get("/events")
async def read():
    return StreamingResponse(events(), media_type="text/event-stream", headers={"Cache-Control": "no-cache"})
