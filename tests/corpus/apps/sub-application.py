#> GET /app
#> GET /sub/sub
#> GET /sub/openapi.json
#> GET /sub/missing
from fastapi import FastAPI
app = FastAPI()
sub = FastAPI(title="Sub")
@app.get("/app")
def main():
    return "main"
@sub.get("/sub")
def below():
    return "below"
app.mount("/sub", sub)
