"""`python -m fp_runner zygote | warm | serve | check | probe`."""

import sys


def main() -> int:
    command = sys.argv[1] if len(sys.argv) > 1 else ""
    if command == "zygote":
        from .zygote import main as zygote

        return zygote()
    if command in ("warm", "serve"):
        from .pod_settings import is_pod, start_anew

        # Before anything is imported that the second start would import again.
        if command == "warm" or is_pod():
            start_anew(command)
            from .pod import main as pod

            pod(command)
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
