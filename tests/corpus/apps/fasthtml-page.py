#> GET /
#> GET /about/ann
#> GET /nowhere
from fasthtml.common import *
app = FastHTML(hdrs=(Style("p {color: red}"),), htmlkw={"lang": "en"}, default_hdrs=False)
rt = app.route
@rt("/")
def get():
    return Titled("Hello", P("A page"), A("About", href="/about/ann"))
@rt("/about/{who}")
def about(who: str):
    return Div(H1(f"About {who}"), Ul(*[Li(n) for n in range(3)]))
