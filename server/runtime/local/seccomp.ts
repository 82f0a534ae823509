/**
 * The system call filter of a sandboxed runner, compiled to classic BPF as the kernel (and `bwrap --seccomp`) takes it.
 * Default is allow: an app may use any ordinary part of Linux. Denied is what reaches past a namespace, into the kernel's rarely
 * walked code, or into other processes. Pure: architecture in, bytes out.
 */

export type SeccompArchitecture = "x64" | "arm64";

/** Denied with EPERM: [x86_64 number, aarch64 number]; null where the architecture has no such call. */
const denied: Record<string, readonly [number | null, number | null]> = {
  // other namespaces and mounts
  mount: [165, 40],
  umount2: [166, 39],
  pivot_root: [155, 41],
  chroot: [161, 51],
  unshare: [272, 97],
  setns: [308, 268],
  open_tree: [428, 428],
  move_mount: [429, 429],
  fsopen: [430, 430],
  fsconfig: [431, 431],
  fsmount: [432, 432],
  fspick: [433, 433],
  mount_setattr: [442, 442],
  name_to_handle_at: [303, 264],
  open_by_handle_at: [304, 265],
  sethostname: [170, 161],
  setdomainname: [171, 162],
  // other processes
  ptrace: [101, 117],
  process_vm_readv: [310, 270],
  process_vm_writev: [311, 271],
  process_madvise: [440, 440],
  pidfd_getfd: [438, 438],
  kcmp: [312, 272],
  migrate_pages: [256, 238],
  move_pages: [279, 239],
  // kernel facilities with a history of escapes that no web app needs
  bpf: [321, 280],
  perf_event_open: [298, 241],
  userfaultfd: [323, 282],
  io_uring_setup: [425, 425],
  io_uring_enter: [426, 426],
  io_uring_register: [427, 427],
  keyctl: [250, 219],
  add_key: [248, 217],
  request_key: [249, 218],
  fanotify_init: [300, 262],
  memfd_secret: [447, 447],
  mbind: [237, 235],
  set_mempolicy: [238, 237],
  personality: [135, 92],
  modify_ldt: [154, null],
  uselib: [134, null],
  lookup_dcookie: [212, 18],
  nfsservctl: [180, 42],
  _sysctl: [156, null],
  // the machine itself
  reboot: [169, 142],
  kexec_load: [246, 104],
  kexec_file_load: [320, 294],
  init_module: [175, 105],
  finit_module: [313, 273],
  delete_module: [176, 106],
  create_module: [174, null],
  query_module: [178, null],
  get_kernel_syms: [177, null],
  swapon: [167, 224],
  swapoff: [168, 225],
  quotactl: [179, 60],
  quotactl_fd: [443, 443],
  acct: [163, 89],
  settimeofday: [164, 170],
  clock_settime: [227, 112],
  clock_adjtime: [305, 266],
  adjtimex: [159, 171],
  syslog: [103, 116],
  vhangup: [153, 58],
  iopl: [172, null],
  ioperm: [173, null],
};

const architectures = {
  x64: { audit: 0xc000_003e, column: 0, clone: 56, clone3: 435, socket: 41, ioctl: 16 },
  arm64: { audit: 0xc000_00b7, column: 1, clone: 220, clone3: 435, socket: 198, ioctl: 29 },
} as const;

/** AF_UNIX, AF_INET, AF_INET6 and AF_NETLINK (glibc asks it for addresses). Notably not AF_VSOCK, which ignores network namespaces. */
const socketFamilies = [1, 2, 10, 16];
/** TIOCSTI and TIOCLINUX put characters into a terminal's input. */
const deniedIoctls = [0x5412, 0x541c];
/** CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET. */
const cloneNamespaces = 0x7e02_0000;

const EPERM = 1;
const ENOSYS = 38;
const EAFNOSUPPORT = 97;

const LOAD = 0x20; // BPF_LD | BPF_W | BPF_ABS
const JUMP_EQUAL = 0x15; // BPF_JMP | BPF_JEQ | BPF_K
const JUMP_AT_LEAST = 0x35; // BPF_JMP | BPF_JGE | BPF_K
const JUMP_ANY_BIT = 0x45; // BPF_JMP | BPF_JSET | BPF_K
const RETURN = 0x06; // BPF_RET | BPF_K

const ALLOW = 0x7fff_0000;
const KILL_PROCESS = 0x8000_0000;
const refuse = (errno: number) => 0x0005_0000 | errno;

/** Offsets in `struct seccomp_data`; of a 64-bit argument the lower half is what the kernel looks at in these calls. */
const NUMBER = 0;
const ARCHITECTURE = 4;
const argument = (index: number) => 16 + index * 8;

type Instruction = readonly [code: number, whenTrue: number, whenFalse: number, value: number];

/** Returns the filter for one architecture, or null for one that we have no numbers of. */
export function compileSeccomp(architecture: string): Buffer | null {
  if (architecture !== "x64" && architecture !== "arm64") return null;
  const target = architectures[architecture];
  const program: Instruction[] = [
    [LOAD, 0, 0, ARCHITECTURE],
    [JUMP_EQUAL, 1, 0, target.audit],
    [RETURN, 0, 0, KILL_PROCESS],
    [LOAD, 0, 0, NUMBER],
  ];
  // x32 calls share x86_64's audit value and have numbers of their own: a way around every rule below.
  if (architecture === "x64") program.push([JUMP_AT_LEAST, 0, 1, 0x4000_0000], [RETURN, 0, 0, KILL_PROCESS]);
  for (const numbers of Object.values(denied)) {
    const number = numbers[target.column];
    if (number !== null) program.push([JUMP_EQUAL, 0, 1, number], [RETURN, 0, 0, refuse(EPERM)]);
  }
  // A filter cannot follow clone3's pointer to its flags; with ENOSYS libc falls back to clone, whose flags are seen.
  program.push([JUMP_EQUAL, 0, 1, target.clone3], [RETURN, 0, 0, refuse(ENOSYS)]);
  program.push([JUMP_EQUAL, 0, 4, target.clone], [LOAD, 0, 0, argument(0)], [JUMP_ANY_BIT, 0, 1, cloneNamespaces]);
  program.push([RETURN, 0, 0, refuse(EPERM)], [RETURN, 0, 0, ALLOW]);
  const families = socketFamilies.length;
  program.push([JUMP_EQUAL, 0, families + 3, target.socket], [LOAD, 0, 0, argument(0)]);
  socketFamilies.forEach((family, index) => program.push([JUMP_EQUAL, families - index, 0, family]));
  program.push([RETURN, 0, 0, refuse(EAFNOSUPPORT)], [RETURN, 0, 0, ALLOW]);
  const requests = deniedIoctls.length;
  program.push([JUMP_EQUAL, 0, requests + 1, target.ioctl], [LOAD, 0, 0, argument(1)]);
  deniedIoctls.forEach((request, index) => program.push([JUMP_EQUAL, requests - index, 0, request]));
  program.push([RETURN, 0, 0, ALLOW], [RETURN, 0, 0, refuse(EPERM)]);
  return encode(program);
}

function encode(program: readonly Instruction[]): Buffer {
  const bytes = Buffer.alloc(program.length * 8);
  program.forEach(([code, whenTrue, whenFalse, value], index) => {
    bytes.writeUInt16LE(code, index * 8);
    bytes.writeUInt8(whenTrue, index * 8 + 2);
    bytes.writeUInt8(whenFalse, index * 8 + 3);
    bytes.writeUInt32LE(value >>> 0, index * 8 + 4);
  });
  return bytes;
}
