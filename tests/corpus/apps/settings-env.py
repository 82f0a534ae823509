#> GET /settings
import os
from fastapi import FastAPI
from pydantic_settings import BaseSettings
class Settings(BaseSettings):
    title: str = "default"
    retries: int = 3
settings = Settings()
app = FastAPI(title=settings.title)
@app.get("/settings")
def read():
    return settings
