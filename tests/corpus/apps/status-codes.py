#> GET /teapot
#> DELETE /thing
#> GET /notmodified
#> GET /redirect
#> GET /created
from fastapi import FastAPI, Response
from fastapi.responses import RedirectResponse
app = FastAPI()
@app.get("/teapot", status_code=418)
def teapot():
    return {"short": "stout"}
@app.delete("/thing", status_code=204)
def delete():
    return None
@app.get("/notmodified")
def notmodified():
    return Response(status_code=304, headers={"ETag": '"x"'})
@app.get("/redirect")
def redirect():
    return RedirectResponse("/teapot")
@app.get("/created", status_code=201)
def created(response: Response):
    response.headers["Location"] = "/thing/1"
    return {"id": 1}
