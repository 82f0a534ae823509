#> GET /
#> POST / text # Title
import markdown
from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse
app = FastAPI()
@app.get("/", response_class=HTMLResponse)
def root():
    return markdown.markdown("# Hi\n\n* one\n* **two**")
@app.post("/", response_class=HTMLResponse)
async def render(request: Request):
    return markdown.markdown((await request.body()).decode())
