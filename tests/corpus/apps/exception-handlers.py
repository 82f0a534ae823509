#> GET /shop
#> GET /value
#> GET /checked?n=x
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, PlainTextResponse
app = FastAPI()
class Closed(Exception):
    pass
@app.exception_handler(Closed)
async def closed(request: Request, error: Closed):
    return JSONResponse({"closed": request.url.path}, status_code=423)
@app.exception_handler(ValueError)
def value(request: Request, error: ValueError):
    return PlainTextResponse(str(error), status_code=400)
@app.exception_handler(RequestValidationError)
async def invalid(request: Request, error: RequestValidationError):
    return JSONResponse([e["loc"] for e in error.errors()], status_code=422)
@app.get("/shop")
def shop():
    raise Closed
@app.get("/value")
def bad():
    raise ValueError("bad value")
@app.get("/checked")
def checked(n: int):
    return n
