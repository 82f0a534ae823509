#> GET /
#> POST /add form text=milk [HX-Request: true]
#> POST /add form text=%3Cscript%3E
#> DELETE /items/0 [HX-Request: true]
from fasthtml.common import *
app, rt = fast_app(default_hdrs=False, secret_key="fixed")
items: list[str] = []
def row(n, text):
    return Li(text, Button("x", hx_delete=f"/items/{n}", hx_target="closest li"), id=f"i{n}")
@rt("/")
def get():
    return Form(Input(name="text"), Button("Add"), hx_post="/add"), Ul(*[row(n, t) for n, t in enumerate(items)])
@rt("/add")
def post(text: str):
    items.append(text)
    return row(len(items) - 1, text)
@rt("/items/{n}")
def delete(n: int):
    return ""
