#> WS /ws | one | two
#> GET /ws
from fastapi import FastAPI, WebSocket, WebSocketDisconnect
app = FastAPI()
@app.websocket("/ws")
async def ws(socket: WebSocket):
    await socket.accept()
    try:
        while True:
            await socket.send_text("echo " + await socket.receive_text())
    except WebSocketDisconnect:
        pass
