#> OPTIONS / [Origin: https://a.example] [Access-Control-Request-Method: POST]
#> GET / [Origin: https://a.example]
#> GET / [Origin: https://evil.example]
from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware
app = FastAPI()
app.add_middleware(CORSMiddleware, allow_origins=["https://a.example"], allow_credentials=True, allow_methods=["*"], allow_headers=["*"])
@app.get("/")
def root():
    return "shared"
