#> GET /
#> GET /config
from fastapi import FastAPI
def create_app() -> FastAPI:
    made = FastAPI(title="Made")
    @made.get("/")
    def root():
        return "from a factory"
    @made.get("/config")
    def config():
        return made.title
    return made
