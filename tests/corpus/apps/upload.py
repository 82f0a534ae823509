#> POST /file upload file=notes.txt:hello there
#> POST /size upload file=big.bin:0123456789
#> POST /file
from typing import Annotated
from fastapi import FastAPI, File, UploadFile
app = FastAPI()
@app.post("/file")
async def file(file: UploadFile):
    content = await file.read()
    return {"name": file.filename, "type": file.content_type, "size": file.size, "text": content.decode()}
@app.post("/size")
def size(file: Annotated[bytes, File()]):
    return len(file)
