#> GET /
import tempfile
from pathlib import Path
from fastapi import FastAPI, Request
from fastapi.templating import Jinja2Templates
folder = Path(tempfile.mkdtemp())
(folder / "page.html").write_text("<a href=\"{{ url_for('named', n=3) }}\">{{ title|upper }}</a>")
templates = Jinja2Templates(folder)
app = FastAPI()
@app.get("/")
def page(request: Request):
    return templates.TemplateResponse(request, "page.html", {"title": "hello"})
@app.get("/named/{n}", name="named")
def named(n: int):
    return n
