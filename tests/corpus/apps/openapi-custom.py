#> GET /openapi.json
#> GET /docs
#> GET /redoc
#> GET /tagged
from fastapi import FastAPI
app = FastAPI(title="Custom", version="2.1", description="With *markdown*", contact={"name": "Ann"}, openapi_tags=[{"name": "a"}])
@app.get("/tagged", tags=["a"], summary="Say", description="Says it", deprecated=True)
def tagged():
    """Docstring."""
    return 1
