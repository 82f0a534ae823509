"""`python -m fp_runner zygote | warm | serve | check | probe`."""

import sys


def main() -> int:
    command = sys.argv[1] if len(sys.argv) > 1 else ""
    if command == "zygote":
        from .zygote import main as zygote

        return zygote()
    if command == "warm":
        from .pod import main as pod

        pod("warm")
    if command == "serve":
        from .serve import main as serve

        return serve()
    if command == "check":
        from .check import main as check

        return check(sys.argv[2:])
    if command == "probe":
        from .pod_probe import probe

        return probe(sys.argv[2:])
    sys.stderr.write("usage: python -m fp_runner zygote | warm | serve | check | probe\n")
    return 2


if __name__ == "__main__":
    sys.exit(main())
