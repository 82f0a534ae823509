#> GET /
from fastapi import FastAPI
from fastapi.middleware.trustedhost import TrustedHostMiddleware
app = FastAPI()
app.add_middleware(TrustedHostMiddleware, allowed_hosts=["*.localhost"])
@app.get("/")
def root():
    return "trusted"
