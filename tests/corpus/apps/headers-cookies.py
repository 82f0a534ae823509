#> GET /read [X-Token: abc] [Cookie: session=s1; other=2] [User-Agent: probe/1]
#> GET /read
#> GET /write
from typing import Annotated
from fastapi import Cookie, FastAPI, Header, Response
app = FastAPI()
@app.get("/read")
def read(x_token: Annotated[str, Header()], user_agent: Annotated[str | None, Header()] = None, session: Annotated[str | None, Cookie()] = None):
    return {"token": x_token, "agent": user_agent, "session": session}
@app.get("/write")
def write(response: Response):
    response.headers["X-Custom"] = "yes"
    response.headers["Cache-Control"] = "private, max-age=5"
    response.set_cookie("a", "1", httponly=True)
    response.set_cookie("b", "2", max_age=60, samesite="strict")
    return {"ok": True}
