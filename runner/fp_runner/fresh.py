"""What a fork must not have in common with its zygote's other forks.

Libraries that draw at random notice a fork by their process's number. In a PID namespace of its own every runner has the same
number, and where the platform is the first process of a container the zygote may have it too: so nothing is left to be noticed.
"""

import os
import random
import sys


def refresh() -> None:
    """Draws every known generator of this process anew. To be called after the fork and before the first line of an app."""
    random.seed()
    if ssl := sys.modules.get("ssl"):
        # OpenSSL mixes it in and draws its generators anew: the one for public and the one for private values.
        ssl.RAND_add(os.urandom(32), 32.0)
    if tempfile := sys.modules.get("tempfile"):
        tempfile._name_sequence = None
    if objectid := sys.modules.get("bson.objectid"):
        # No process has this number: the next ObjectId draws its random part.
        objectid.ObjectId._pid = -1
