#> GET /?name=%3Cb%3Eann
#> GET /list
from fastapi import FastAPI
from fastapi.responses import HTMLResponse
from jinja2 import DictLoader, Environment
pages = Environment(loader=DictLoader({"base.html": "<title>{% block title %}{% endblock %}</title>", "hi.html": "{% extends 'base.html' %}{% block title %}Hi {{ name }}{% endblock %}"}), autoescape=True)
app = FastAPI()
@app.get("/", response_class=HTMLResponse)
def hi(name: str):
    return pages.get_template("hi.html").render(name=name)
@app.get("/list", response_class=HTMLResponse)
def listed():
    return pages.from_string("{% for n in range(3) %}<li>{{ n }}</li>{% endfor %}").render()
