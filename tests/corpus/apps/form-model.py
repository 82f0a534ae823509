#> POST /survey form name=ann&age=30
#> POST /survey form name=ann&age=young
#> POST /survey form name=ann&age=3&extra=1
from typing import Annotated
from fastapi import FastAPI, Form
from pydantic import BaseModel
app = FastAPI()
class Survey(BaseModel):
    model_config = {"extra": "forbid"}
    name: str
    age: int
@app.post("/survey")
def survey(data: Annotated[Survey, Form()]):
    return data
