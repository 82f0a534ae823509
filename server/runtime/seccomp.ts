/**
 * The system call filter of a sandboxed runner, compiled to classic BPF as the kernel (and `bwrap --seccomp`) takes it.
 * An app may use any ordinary part of Linux. Denied is what reaches past a namespace, into the kernel's rarely walked code or into
 * other processes, every kind of socket but the few that programs use, and every call that is newer than this list: it is denied
 * until somebody has looked at it. Pure: architecture in, bytes out.
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
  process_mrelease: [448, 448],
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
  set_mempolicy_home_node: [450, 450],
  vmsplice: [278, 75],
  remap_file_pages: [216, 234],
  personality: [135, 92],
  modify_ldt: [154, null],
  uselib: [134, null],
  ustat: [136, null],
  sysfs: [139, null],
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
  x64: { audit: 0xc000_003e, column: 0, clone: 56, clone3: 435, socket: 41, socketpair: 53, ioctl: 16 },
  arm64: { audit: 0xc000_00b7, column: 1, clone: 220, clone3: 435, socket: 198, socketpair: 199, ioctl: 29 },
} as const;

/** The first number that this list does not know; the last it does is futex_requeue (Linux 6.7). Both architectures count alike there. */
const firstUnknown = 457;
/** x32 calls share x86_64's audit value and have numbers of their own from here: a way around every rule. */
const firstX32 = 0x4000_0000;

const AF_UNIX = 1;
const AF_INET = 2;
const AF_INET6 = 10;
/** glibc asks it for addresses: protocol 0 (route) only, the others lead into netfilter, XFRM and their like. */
const AF_NETLINK = 16;
/** SOCK_STREAM and SOCK_DGRAM: raw sockets need a capability, and the rest (SCTP, DCCP) loads kernel modules. */
const internetTypes = [1, 2];
/** "The usual one", TCP and UDP. */
const internetProtocols = [0, 6, 17];
/** SOCK_NONBLOCK and SOCK_CLOEXEC stand in the same argument above it. */
const socketTypeMask = 0xf;
/** TIOCSTI and TIOCLINUX put characters into a terminal's input; TIOCSETD loads line disciplines, which are kernel modules. */
const deniedIoctls = [0x5412, 0x541c, 0x5423];
/** CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET. */
const cloneNamespaces = 0x7e02_0000;

const EPERM = 1;
const ENOSYS = 38;
const EPROTONOSUPPORT = 93;
const ESOCKTNOSUPPORT = 94;
const EAFNOSUPPORT = 97;

type Instruction = readonly [code: number, whenTrue: number, whenFalse: number, value: number];

const load = (offset: number): Instruction => [0x20, 0, 0, offset]; // BPF_LD | BPF_W | BPF_ABS
const mask = (bits: number): Instruction => [0x54, 0, 0, bits]; // BPF_ALU | BPF_AND | BPF_K
const end = (value: number): Instruction => [0x06, 0, 0, value]; // BPF_RET | BPF_K
const allow = end(0x7fff_0000);
const kill = end(0x8000_0000);
const refuse = (errno: number) => end(0x0005_0000 | errno);

/** `body` runs when the comparison holds, else what follows it: equal, at least, any bit in common. */
const when = (code: 0x15 | 0x35 | 0x45, value: number, body: readonly Instruction[]): Instruction[] => [
  [code, 0, body.length, value],
  ...body,
];
const whenEqual = (value: number, ...body: Instruction[]) => when(0x15, value, body);
const whenAtLeast = (value: number, ...body: Instruction[]) => when(0x35, value, body);
const whenAnyBit = (bits: number, ...body: Instruction[]) => when(0x45, bits, body);
/** Goes on after it only with one of `values`. */
const requireOneOf = (values: readonly number[], otherwise: Instruction): Instruction[] => [
  ...values.map((value, index): Instruction => [0x15, values.length - index, 0, value]),
  otherwise,
];

/** Offsets in `struct seccomp_data`; of a 64-bit argument the lower half is what the kernel looks at in these calls. */
const NUMBER = 0;
const ARCHITECTURE = 4;
const argument = (index: number) => 16 + index * 8;

/** The calls that are denied whatever their arguments, by name. */
export function deniedCalls(architecture: SeccompArchitecture): Map<string, number> {
  const { column } = architectures[architecture];
  return new Map(Object.entries(denied).flatMap(([name, row]) => (row[column] === null ? [] : [[name, row[column]] as const])));
}

/** Returns the filter for one architecture, or null for one that we have no numbers of. */
export function compileSeccomp(architecture: string): Buffer | null {
  if (architecture !== "x64" && architecture !== "arm64") return null;
  const target = architectures[architecture];
  const numbers = [...deniedCalls(architecture).values()];
  return encode([
    load(ARCHITECTURE),
    ...requireOneOf([target.audit], kill),
    load(NUMBER),
    ...whenAtLeast(firstX32, kill),
    ...whenAtLeast(firstUnknown, refuse(ENOSYS)),
    ...numbers.flatMap((number) => whenEqual(number, refuse(EPERM))),
    // A filter cannot follow clone3's pointer to its flags; with ENOSYS libc falls back to clone, whose flags are seen.
    ...whenEqual(target.clone3, refuse(ENOSYS)),
    ...whenEqual(target.clone, load(argument(0)), ...whenAnyBit(cloneNamespaces, refuse(EPERM)), allow),
    ...whenEqual(target.socket, ...judgeSocket()),
    // Other families than AF_UNIX have no pairs, and would load their module before they say so.
    ...whenEqual(target.socketpair, load(argument(0)), ...requireOneOf([AF_UNIX], refuse(EAFNOSUPPORT)), allow),
    ...whenEqual(target.ioctl, load(argument(1)), ...deniedIoctls.flatMap((request) => whenEqual(request, refuse(EPERM))), allow),
    allow,
  ]);
}

/** By family, type and protocol. Notably not AF_VSOCK, which ignores network namespaces. */
function judgeSocket(): Instruction[] {
  return [
    load(argument(0)),
    ...whenEqual(AF_UNIX, allow),
    ...whenEqual(AF_NETLINK, load(argument(2)), ...requireOneOf([0], refuse(EPROTONOSUPPORT)), allow),
    ...requireOneOf([AF_INET, AF_INET6], refuse(EAFNOSUPPORT)),
    load(argument(1)),
    mask(socketTypeMask),
    ...requireOneOf(internetTypes, refuse(ESOCKTNOSUPPORT)),
    load(argument(2)),
    ...requireOneOf(internetProtocols, refuse(EPROTONOSUPPORT)),
    allow,
  ];
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
