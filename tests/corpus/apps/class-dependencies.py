#> GET /a?q=1
#> GET /b
from fastapi import Depends, FastAPI
app = FastAPI(dependencies=[Depends(lambda: None)])
class Common:
    def __init__(self, q: str = "none", n: int = 3):
        self.q, self.n = q, n
class Checker:
    def __init__(self, word: str):
        self.word = word
    def __call__(self, q: str = ""):
        return self.word in q
@app.get("/a")
def a(common: Common = Depends()):
    return vars(common)
@app.get("/b")
def b(found: bool = Depends(Checker("x"))):
    return found
