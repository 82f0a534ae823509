#> GET /
import warnings
from fastapi import FastAPI
warnings.simplefilter("ignore")
app = FastAPI()
ready = []
@app.on_event("startup")
async def start():
    ready.append("started")
@app.on_event("shutdown")
def stop():
    ready.append("stopped")
@app.get("/")
def root():
    return ready
