#> GET /image
#> GET /attachment
#> GET /attachment [Range: bytes=2-5]
#> GET /big
import tempfile
from pathlib import Path
from fastapi import FastAPI, Response
from fastapi.responses import FileResponse
app = FastAPI()
target = Path(tempfile.gettempdir()) / "corpus-report.txt"
target.write_text("0123456789")
import os
os.utime(target, (1_700_000_000, 1_700_000_000))
@app.get("/image")
def image():
    return Response(b"\x89PNG\r\n", media_type="image/png")
@app.get("/attachment")
def attachment():
    return FileResponse(target, filename="report.txt")
@app.get("/big")
def big():
    return Response(b"x" * 2_000_000, media_type="application/octet-stream")
