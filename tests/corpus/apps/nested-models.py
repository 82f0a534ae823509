#> POST /orders json {"lines":[{"sku":"a","count":2},{"sku":"b","count":1}],"address":{"city":"Oslo"}}
#> POST /orders json {"lines":[{"sku":"a","count":-2}],"address":{}}
from fastapi import FastAPI
from pydantic import BaseModel, PositiveInt
app = FastAPI()
class Line(BaseModel):
    sku: str
    count: PositiveInt
class Address(BaseModel):
    city: str
class Order(BaseModel):
    lines: list[Line]
    address: Address
@app.post("/orders")
def order(order: Order) -> Order:
    return order
