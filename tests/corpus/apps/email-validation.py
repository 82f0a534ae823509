#> POST / json {"email":"ann@example.org"}
#> POST / json {"email":"not an address"}
from fastapi import FastAPI
from pydantic import BaseModel, EmailStr
app = FastAPI()
class Contact(BaseModel):
    email: EmailStr
@app.post("/")
def contact(contact: Contact):
    return contact
