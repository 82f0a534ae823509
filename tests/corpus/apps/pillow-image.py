#> GET /square.png?size=8
#> GET /square.png?size=0
import io
from typing import Annotated
from fastapi import FastAPI, Query, Response
from PIL import Image
app = FastAPI()
@app.get("/square.png")
def square(size: Annotated[int, Query(ge=1, le=64)]):
    out = io.BytesIO()
    Image.new("RGB", (size, size), "red").save(out, "PNG")
    return Response(out.getvalue(), media_type="image/png")
