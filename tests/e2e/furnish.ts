/** The apps of the person whose screens are looked at. */
import type { TestPlatform } from "../platform.ts";
import { waitFor } from "../wait.ts";

/** Makes apps in every state, with requests, an exception and lines in the log. */
export async function furnish(platform: TestPlatform, token: string): Promise<void> {
  const create = (body: object) => platform.api<{ slug: string }>(token, "POST", "/api/apps", body);
  await create({ name: "Idea", code: greeter, description: "A bot that answers what the weather will be" });
  await create({ name: "Broken", code: broken });
  await create({ name: "Notes", template: "notes" });
  await create({ name: "To-do", template: "todo-fasthtml" });
  await Promise.all([platform.deploy(token, "Greeter", { "app.py": greeter }), platform.deploy(token, "Slow start", { "app.py": slow })]);
  const fail = await platform.api<{ deploymentId: string }>(token, "POST", "/api/apps/broken/deploy", {});
  await platform.settled(token, fail.deploymentId).catch(() => undefined);
  for (const slug of ["notes", "to-do"]) {
    const { deploymentId } = await platform.api<{ deploymentId: string }>(token, "POST", `/api/apps/${slug}/deploy`, {});
    await platform.settled(token, deploymentId);
  }
  for (const path of [
    "/",
    "/?name=ada",
    "/orders/7/total",
    "/orders/8/total?currency=eur",
    "/missing",
    "/?name=grace",
    "/docs",
    "/openapi.json",
    "/orders/0/total",
    "/stock",
  ])
    await platform.callApp("greeter", path);
  await platform.callApp("greeter", "/orders", { method: "POST", headers: { "content-type": "application/json" }, body: "{}" });
  await platform.api(token, "POST", "/api/apps/to-do/sleep");
  await waitFor("the exception is recorded", async () => {
    const { items } = await platform.api<{ items: { error?: unknown }[] }>(token, "GET", "/api/apps/greeter/requests?status=5xx");
    return items[0]?.error !== undefined;
  });
}

const greeter = `"""Greets people and adds up their orders."""

from fastapi import FastAPI
from pydantic import BaseModel

app = FastAPI(title="Greeter")
orders = {7: [12.5, 3.0], 8: [99.0], 0: []}


class Order(BaseModel):
    prices: list[float]


@app.get("/")
def hello(name: str = "world") -> dict[str, str]:
    print(f"greeting {name}")
    return {"message": f"Hello, {name}!"}


@app.get("/orders/{number}/total")
def total(number: int, currency: str = "usd") -> dict[str, float]:
    prices = orders[number]
    return {"total": sum(prices), "mean": mean(prices)}


@app.post("/orders")
def add(order: Order) -> dict[str, int]:
    number = max(orders) + 1
    orders[number] = order.prices
    return {"number": number}


@app.get("/stock")
def stock() -> dict[str, int]:
    for shelf in range(1, 25):
        print(f"shelf {shelf}: {shelf * 7 % 12} left")
    return {"shelves": 24}


def mean(prices: list[float]) -> float:
    return sum(prices) / len(prices)
`;

const broken = `"""Reads its price list when it starts."""

from pathlib import Path

from fastapi import FastAPI

app = FastAPI(title="Prices")
prices = Path("prices.csv").read_text().splitlines()


@app.get("/")
def read() -> list[str]:
    return prices
`;

const slow = `import time

from fastapi import FastAPI

time.sleep(3)
app = FastAPI()


@app.get("/")
def read() -> dict[str, str]:
    return {"message": "Good morning"}
`;
