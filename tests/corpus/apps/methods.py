#> OPTIONS /thing
#> TRACE /thing
#> PUT /thing
#> DELETE /thing
#> HEAD /thing
from fastapi import FastAPI
app = FastAPI()
@app.api_route("/thing", methods=["GET", "HEAD", "PUT", "OPTIONS", "TRACE"])
def thing():
    return "thing"
