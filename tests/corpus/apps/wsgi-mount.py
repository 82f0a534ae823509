#> GET /wsgi/path?x=1
#> GET /
import warnings
warnings.simplefilter("ignore")
from fastapi import FastAPI
from fastapi.middleware.wsgi import WSGIMiddleware
def old(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']} {environ['QUERY_STRING']}".encode()]
app = FastAPI()
@app.get("/")
def root():
    return "asgi"
app.mount("/wsgi", WSGIMiddleware(old))
