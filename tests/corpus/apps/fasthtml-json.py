#> GET /data
#> GET /redirect
from fasthtml.common import *
app = FastHTML(default_hdrs=False)
rt = app.route
@rt("/data")
def data():
    return {"rows": [1, 2, 3]}
@rt("/redirect")
def redirect():
    return RedirectResponse("/data", status_code=303)
