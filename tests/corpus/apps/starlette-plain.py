#> GET /
#> GET /user/ann
#> POST /json json {"a":1}
from starlette.applications import Starlette
from starlette.responses import JSONResponse, PlainTextResponse
from starlette.routing import Route
async def home(request):
    return PlainTextResponse("starlette")
def user(request):
    return JSONResponse({"name": request.path_params["name"]})
async def echo(request):
    return JSONResponse(await request.json())
app = Starlette(routes=[Route("/", home), Route("/user/{name}", user), Route("/json", echo, methods=["POST"])])
