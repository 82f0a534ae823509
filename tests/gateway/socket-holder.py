"""What systemd does for a socket unit: holds a listening socket while the service behind it comes and goes.

python3 socket-holder.py <port> <command...>: prints "listening", then starts the command once for each "start" line on standard
input, as its descriptor 3, prints "started <pid>", and reaps it. Ends when its input does.
"""

import os
import socket
import sys
import threading

listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
listener.bind(("127.0.0.1", int(sys.argv[1])))
listener.listen(4096)
command = sys.argv[2:]
print("listening", flush=True)


for line in sys.stdin:
    if line.strip() != "start":
        continue
    child = os.fork()
    if child == 0:
        # Not ours: a child that makes the pipe non-blocking would end the loop below it.
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(listener.fileno(), 3)
        os.set_inheritable(3, True)
        os.dup2(2, 1)
        os.environ.update(LISTEN_FDS="1", LISTEN_PID=str(os.getpid()))
        os.execvp(command[0], command)
    print("started", child, flush=True)
    threading.Thread(target=os.waitpid, args=(child, 0), daemon=True).start()
