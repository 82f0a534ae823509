#> GET /
#> POST /echo text raw body
class Shout:
    def __init__(self, app):
        self.app = app
    async def __call__(self, scope, receive, send):
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        async def loud(message):
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], (b"x-shout", b"HEY")]
            await send(message)
        await self.app(scope, receive, loud)
from fastapi import FastAPI, Request
app = FastAPI()
app.add_middleware(Shout)
@app.get("/")
def root():
    return 1
@app.post("/echo")
async def echo(request: Request):
    return (await request.body()).decode()
