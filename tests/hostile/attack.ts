/** What a row of the table is, and what the attackers have in common. */
import { expect } from "vitest";
import type { Files } from "#core/contract/files.ts";
import type { Answer, Sent } from "../http.ts";
import type { HostileWorld } from "./world.ts";

export interface Attacker {
  id: string;
  slug: string;
  /** A request to the attacker's app, as any visitor makes it. */
  call(path: string, sent?: Sent): Promise<Answer>;
}

/** What the owner is told. Patterns are of plain words; `exception` is what the request's page shows. */
export interface Told {
  status?: "running" | "sleeping" | "error";
  reason?: RegExp;
  log?: RegExp;
  exception?: RegExp;
}

export interface Attack {
  /** As in the list of the test, which fails when a row is missing. */
  name: string;
  /** Python, below `prelude`; a POST to `/attack` with the facts (`HostileWorld.facts`) is what `act` is by default. */
  source: string;
  files?: Files;
  /** The action. Answers what the attacker saw. */
  act?(attacker: Attacker, world: HostileWorld): Promise<string>;
  /** What the attacker sees. */
  sees: RegExp | ((seen: string, world: HostileWorld) => void | Promise<void>);
  /** What the owner sees; null where nothing happened that they would have to know: the app got an error and lives on. */
  told: Told | null;
  /** The series of `GET /metrics` that grows; null where the kernel refused and the platform had nothing to do. */
  counter: string | null;
  /** Costs the machine something: its neighbours are measured during this attack alone. */
  heavy?: true;
  /** Waits for one of the platform's long time limits: goes on beside the others. */
  slow?: true;
  /** Its app cannot be started, or is meant to be broken afterwards. */
  staysBroken?: true;
}

/** What every attack begins with, with `facts` as its body. Answers what the attacker saw. */
export async function postAttack(attacker: Attacker, facts: object = {}): Promise<string> {
  const headers = { "content-type": "application/json" };
  return (await attacker.call("/attack", { method: "POST", headers, body: JSON.stringify(facts) })).text;
}

/** Each answer of the attackers' code is what went wrong, or begins with `DONE`. */
export const prelude = `
import errno, json, os, platform, signal, socket, struct, sys, threading, time
from fastapi import FastAPI, Request, Response
from fastapi.responses import PlainTextResponse, StreamingResponse

ctypes = __import__("ctypes")
libc = ctypes.CDLL(None, use_errno=True)
app = FastAPI()

def attempt(act):
    try:
        return f"DONE {act()!r}"[:2000]
    except BaseException as error:
        return f"{type(error).__name__}: {error}"

NUMBERS = {
    "x86_64": dict(ptrace=101, process_vm_readv=310, process_vm_writev=311, pidfd_getfd=438, kcmp=312, perf_event_open=298,
        unshare=272, setns=308, clone=56, clone3=435, mount=165, umount2=166, pivot_root=155, chroot=161, open_tree=428, fsopen=430, move_mount=429,
        bpf=321, keyctl=250, add_key=248, request_key=249, userfaultfd=323, io_uring_setup=425, init_module=175, finit_module=313,
        kexec_load=246, reboot=169, swapon=167, iopl=172, ioperm=173, personality=135, quotactl=179, syslog=103, open_by_handle_at=304,
        name_to_handle_at=303, fanotify_init=300, clock_settime=227, settimeofday=164, adjtimex=159, clock_adjtime=305,
        setuid=105, setgid=106, setgroups=116, sethostname=170, memfd_secret=447, vmsplice=278, statmount=457, open_tree_attr=467),
    "aarch64": dict(ptrace=117, process_vm_readv=270, process_vm_writev=271, pidfd_getfd=438, kcmp=272, perf_event_open=241,
        unshare=97, setns=268, clone=220, clone3=435, mount=40, umount2=39, pivot_root=41, chroot=51, open_tree=428, fsopen=430, move_mount=429,
        bpf=280, keyctl=219, add_key=217, request_key=218, userfaultfd=282, io_uring_setup=425, init_module=105, finit_module=273,
        kexec_load=104, reboot=142, swapon=224, personality=92, quotactl=60, syslog=116, open_by_handle_at=265,
        name_to_handle_at=264, fanotify_init=262, clock_settime=112, settimeofday=170, adjtimex=171, clock_adjtime=266,
        setuid=146, setgid=144, setgroups=159, sethostname=161, memfd_secret=447, vmsplice=75, statmount=457, open_tree_attr=467),
}[platform.machine()]

def syscall(name, *arguments):
    if name not in NUMBERS:
        return "ENOSYS"
    ctypes.set_errno(0)
    result = libc.syscall(ctypes.c_long(NUMBERS[name]), *[ctypes.c_long(a) if isinstance(a, int) else a for a in arguments])
    return f"DONE {result}" if result != -1 else errno.errorcode.get(ctypes.get_errno(), "?")

@app.get("/alive")
def alive():
    return "alive"
`;

/** For `sees`: every attempt that the attacker made was refused. */
export function allRefused(seen: string): void {
  const results = JSON.parse(seen) as Record<string, unknown>;
  const done = Object.entries(results).filter(([, result]) => String(result).startsWith("DONE"));
  if (Object.keys(results).length === 0) throw new Error("the attacker tried nothing");
  if (done.length > 0) throw new Error(`not refused: ${JSON.stringify(Object.fromEntries(done))}`);
}

/** For `sees` of a disk bomb: each of `volumes` is full at its size, and no other folder was written to. */
export const expectFull =
  (volumes: Record<string, RegExp>) =>
  (seen: string): void => {
    const { litter, ...results } = JSON.parse(seen) as Record<string, string>;
    expect(litter).toMatch(/^\d+ files(, then E| in its time)/);
    for (const [path, full] of Object.entries(volumes)) expect(results[path], path).toMatch(full);
    for (const [path, result] of Object.entries(results))
      if (!(path in volumes)) expect([path, result]).not.toEqual([path, expect.stringMatching(/^DONE/)]);
  };
