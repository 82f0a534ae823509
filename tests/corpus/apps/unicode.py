#> GET /gr%C3%BC%C3%9Fe/%E2%98%83
#> POST /echo json {"text":"\u65e5\u672c \ud83d\ude00"}
#> GET /latin
from fastapi import FastAPI, Response
app = FastAPI()
@app.get("/grüße/{what}")
def greet(what: str):
    return {"what": what, "long": what * 3}
@app.post("/echo")
def echo(body: dict[str, str]):
    return body
@app.get("/latin")
def latin():
    return Response("é".encode("latin-1"), media_type="text/plain; charset=latin-1")
