import { allRefused, type Attack } from "../attack.ts";

/** Reaches for what is on the machine's networks, directly and through whatever proxy the app is given. */
const reach = (name: string, targets: string): Attack => ({
  name,
  source: `
def dial(host, port):
    with socket.create_connection((host, port), timeout=2) as reached:
        return "connected"

def fetch(url):
    import urllib.request
    with urllib.request.urlopen(url, timeout=5) as answer:
        return answer.read(200)

def tunnel(host, port):
    import urllib.parse
    proxy = urllib.parse.urlsplit(os.environ.get("HTTPS_PROXY") or os.environ["HTTP_PROXY"])
    with socket.create_connection((proxy.hostname, proxy.port), timeout=5) as reached:
        reached.sendall(f"CONNECT {host}:{port} HTTP/1.1\\r\\nHost: {host}:{port}\\r\\n\\r\\n".encode())
        status = reached.recv(200).split(b"\\r\\n")[0]
        if b" 200" not in status: raise PermissionError(status)
        return status

@app.post("/attack")
def attack(facts: dict):
    targets = ${targets}
    results = {}
    for host, port in targets:
        results[f"dial {host}:{port}"] = attempt(lambda: dial(host, port))
        results[f"fetch {host}:{port}"] = attempt(lambda: fetch(f"http://{'[' + host + ']' if ':' in host else host}:{port}/"))
        results[f"tunnel {host}:{port}"] = attempt(lambda: tunnel(host, port))
    return results
`,
  sees: allRefused,
  told: { log: /was not reached: it is not on the public Internet, and apps reach nothing else/ },
  counter: 'fp_egress_refusals_total{reason="address_not_allowed"}',
});

export const networkAttacks: readonly Attack[] = [
  reach(
    "the cloud's metadata address",
    `[("169.254.169.254", 80), ("169.254.170.2", 80), ("fd00:ec2::254", 80), ("100.100.100.200", 80), ("metadata.google.internal", 80), ("2852039166", 80), ("0xa9fea9fe", 80)]`,
  ),
  reach(
    "the Kubernetes API",
    `[("10.96.0.1", 443), ("10.43.0.1", 443), ("kubernetes.default.svc", 443), ("127.0.0.1", 6443), ("127.0.0.1", 10250)]`,
  ),
  reach(
    "the platform's own port, and the machine's",
    `[(host, port) for host in facts["addresses"] + ["localhost", "0.0.0.0", "::", "127.1", "2130706433"] for port in (facts["platformPort"], facts["databasePort"], 22)]`,
  ),
  {
    name: "other databases",
    source: `
from pymongo import MongoClient

@app.post("/attack")
def attack(facts: dict):
    own = os.environ["PLATFORM_MONGO_URI"]
    client = MongoClient(own, serverSelectionTimeoutMS=3000)
    other = facts["victim"]["database"]
    name = client.get_default_database().name
    path = own.split("@")[1].split("/")[0]
    stranger = MongoClient(f"mongodb://{path}/?directConnection=true&serverSelectionTimeoutMS=3000")
    guess = MongoClient(f"mongodb://{other}:guess@{path}/{other}?directConnection=true&authSource={other}&serverSelectionTimeoutMS=3000")
    return {
        "read": attempt(lambda: list(client[other]["secrets"].find())), "collections": attempt(lambda: client[other].list_collection_names()),
        "write": attempt(lambda: client[other]["secrets"].insert_one({"a": 1})), "drop": attempt(lambda: client.drop_database(other)),
        "users": attempt(lambda: client["admin"].command("usersInfo")), "make a user": attempt(lambda: client[name].command("createUser", "more", pwd="more", roles=["root"])),
        "grant": attempt(lambda: client[name].command("grantRolesToUser", name, roles=[{"role": "root", "db": "admin"}])),
        "shut down": attempt(lambda: client["admin"].command("shutdown")),
        "join": attempt(lambda: list(client[name]["x"].aggregate([{"$lookup": {"from": {"db": other, "coll": "secrets"}, "pipeline": [], "as": "a"}}]))),
        "out": attempt(lambda: list(client[name]["x"].aggregate([{"$match": {}}, {"$out": {"db": other, "coll": "secrets"}}]))),
        "without a name": attempt(lambda: stranger[other]["secrets"].find_one()), "by guessing": attempt(lambda: guess[other]["secrets"].find_one()),
        "the platform's": attempt(lambda: [client[db]["users"].find_one() for db in ("fastapi_platform", "platform", "test")]),
    }
`,
    sees: allRefused,
    told: null,
    counter: null,
  },
];
