#> WS /count?start=5 | {"add":2} | {"add":3}
#> WS /refused
from fastapi import FastAPI, WebSocket
app = FastAPI()
@app.websocket("/count")
async def count(socket: WebSocket, start: int = 0):
    await socket.accept(subprotocol=None)
    total = start
    async for message in socket.iter_json():
        total += message["add"]
        await socket.send_json({"total": total})
@app.websocket("/refused")
async def refused(socket: WebSocket):
    await socket.close(code=4001)
