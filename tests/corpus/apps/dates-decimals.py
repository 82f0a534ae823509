#> GET /types
#> POST /event json {"at":"2026-01-02T03:04:05Z","amount":"1.10","took":90}
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from uuid import UUID
from fastapi import FastAPI
from pydantic import BaseModel
app = FastAPI()
class Event(BaseModel):
    at: datetime
    amount: Decimal
    took: timedelta
@app.get("/types")
def types():
    return {"d": date(2026, 1, 2), "t": time(3, 4), "at": datetime(2026, 1, 2, tzinfo=timezone.utc), "x": Decimal("1.10"), "u": UUID(int=7), "s": {1}, "b": b"raw"}
@app.post("/event")
def event(event: Event) -> Event:
    return event
