#> GET /
import logging
import sys
from fastapi import FastAPI
print("loading")
sys.stderr.write("to stderr\n")
logging.basicConfig(level=logging.INFO)
app = FastAPI()
@app.get("/")
def root():
    print("a request", flush=True)
    logging.getLogger("app").info("logged")
    return "noisy"
