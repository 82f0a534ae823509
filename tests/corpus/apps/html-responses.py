#> GET /
#> GET /text
#> GET /custom
from fastapi import FastAPI
from fastapi.responses import HTMLResponse, PlainTextResponse, Response
app = FastAPI(default_response_class=HTMLResponse)
class Csv(Response):
    media_type = "text/csv"
@app.get("/")
def root():
    return "<h1>Hi</h1>"
@app.get("/text", response_class=PlainTextResponse)
def text():
    return "plain"
@app.get("/custom", response_class=Csv)
def custom():
    return Csv("a,b\n1,2\n", headers={"Content-Disposition": "attachment; filename=x.csv"})
