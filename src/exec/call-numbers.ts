/**
 * Numbers of a system call on x86-64, on i386, on ARM, and in the kernel's generic list (64-bit ARM, RISC-V); null where the
 * architecture does not have the call. See asm/unistd_64.h, asm/unistd_32.h, arch/arm/tools/syscall.tbl and asm-generic/unistd.h of Linux 6.12.
 */
export type CallNumbers = readonly [
  x64: number | null,
  i386: number | null,
  arm: number | null,
  generic: number | null,
];

/**
 * System calls that jobs cannot use: those that Docker's default profile (profiles/seccomp of github.com/moby/moby) blocks in a
 * container without capabilities, and ptrace(2), which could reach other jobs of the same user. Docker lists allowed calls; this
 * lists blocked ones, so a call of a later kernel is allowed until it is listed. Docker's rule for personality(2), which compilers
 * and sanitizers use, is left out; its rules for namespaces and families of sockets are in call-filter.ts.
 */
export const refusedCalls = {
  // keys of the user who started Volt: any process of the session can use them
  add_key: [248, 286, 309, 217],
  keyctl: [250, 288, 311, 219],
  request_key: [249, 287, 310, 218],
  // memory and files of other processes
  ptrace: [101, 26, 26, 117],
  process_vm_readv: [310, 347, 376, 270],
  process_vm_writev: [311, 348, 377, 271],
  kcmp: [312, 349, 378, 272],
  pidfd_getfd: [438, 438, 438, 438],
  process_madvise: [440, 440, 440, 440],
  // programs, probes and page faults in the kernel
  bpf: [321, 357, 386, 280],
  perf_event_open: [298, 336, 364, 241],
  userfaultfd: [323, 374, 388, 282],
  fanotify_init: [300, 338, 367, 262],
  io_uring_setup: [425, 425, 425, 425],
  io_uring_enter: [426, 426, 426, 426],
  io_uring_register: [427, 427, 427, 427],
  // mounts, and files by handle
  mount: [165, 21, 21, 40],
  umount: [null, 22, 22, null],
  umount2: [166, 52, 52, 39],
  pivot_root: [155, 217, 218, 41],
  fsopen: [430, 430, 430, 430],
  fsconfig: [431, 431, 431, 431],
  fsmount: [432, 432, 432, 432],
  fspick: [433, 433, 433, 433],
  open_tree: [428, 428, 428, 428],
  move_mount: [429, 429, 429, 429],
  mount_setattr: [442, 442, 442, 442],
  open_tree_attr: [467, 467, 467, 467],
  open_by_handle_at: [304, 342, 371, 265],
  // other namespaces
  setns: [308, 346, 375, 268],
  // the machine itself
  kexec_load: [246, 283, 347, 104],
  kexec_file_load: [320, null, 401, 294],
  create_module: [174, 127, null, null],
  init_module: [175, 128, 128, 105],
  finit_module: [313, 350, 379, 273],
  delete_module: [176, 129, 129, 106],
  query_module: [178, 167, null, null],
  get_kernel_syms: [177, 130, null, null],
  reboot: [169, 88, 88, 142],
  swapon: [167, 87, 87, 224],
  swapoff: [168, 115, 115, 225],
  acct: [163, 51, 51, 89],
  quotactl: [179, 131, 131, 60],
  quotactl_fd: [443, 443, 443, 443],
  nfsservctl: [180, 169, 169, 42],
  syslog: [103, 103, 103, 116],
  vhangup: [153, 111, 111, 58],
  settimeofday: [164, 79, 79, 170],
  stime: [null, 25, 25, null],
  clock_settime: [227, 264, 262, 112],
  clock_settime64: [null, 404, 404, 404],
  ioperm: [173, 101, null, null],
  iopl: [172, 110, null, null],
  // has its arguments in memory, where no filter can read the family; programs built since 2016 use other calls
  socketcall: [null, 102, null, null],
  // placement of memory
  mbind: [237, 274, 319, 235],
  get_mempolicy: [239, 275, 320, 236],
  set_mempolicy: [238, 276, 321, 237],
  set_mempolicy_home_node: [450, 450, 450, 450],
  move_pages: [279, 317, 344, 239],
  migrate_pages: [256, 294, 400, 238],
  // obsolete
  lookup_dcookie: [212, 253, 249, 18],
  vm86: [null, 166, null, null],
  vm86old: [null, 113, null, null],
  uselib: [134, 86, 86, null],
  ustat: [136, 62, 62, null],
  sysfs: [139, 135, 135, null],
  _sysctl: [156, 149, 149, null],
} as const satisfies Record<string, CallNumbers>;

/** Calls that the filter allows or blocks by their arguments. */
export const examinedCalls = {
  clone: [56, 120, 120, 220],
  clone3: [435, 435, 435, 435],
  unshare: [272, 310, 337, 97],
  socket: [41, 359, 281, 198],
  ioctl: [16, 54, 54, 29],
} as const satisfies Record<string, CallNumbers>;

/**
 * Calls that give files and processes to other users and groups. They do nothing, and say that they have, for a command that is
 * root of a namespace without other users: it could do nothing else, and package managers give files away all the time.
 */
export const pretendedCalls = {
  chown: [92, 182, 182, null],
  fchown: [93, 95, 95, 55],
  lchown: [94, 16, 16, null],
  fchownat: [260, 298, 325, 54],
  chown32: [null, 212, 212, null],
  fchown32: [null, 207, 207, null],
  lchown32: [null, 198, 198, null],
  setuid: [105, 23, 23, 146],
  setgid: [106, 46, 46, 144],
  setreuid: [113, 70, 70, 145],
  setregid: [114, 71, 71, 143],
  setresuid: [117, 164, 164, 147],
  setresgid: [119, 170, 170, 149],
  setgroups: [116, 81, 81, 159],
  setuid32: [null, 213, 213, null],
  setgid32: [null, 214, 214, null],
  setreuid32: [null, 203, 203, null],
  setregid32: [null, 204, 204, null],
  setresuid32: [null, 208, 208, null],
  setresgid32: [null, 210, 210, null],
  setgroups32: [null, 206, 206, null],
} as const satisfies Record<string, CallNumbers>;

/** Numbers of x32 (32-bit pointers on x86-64, asm/unistd_x32.h) where they differ, without the bit that marks them. */
export const x32Calls = {
  ptrace: 521,
  process_vm_readv: 539,
  process_vm_writev: 540,
  kexec_load: 528,
  move_pages: 533,
  ioctl: 514,
} as const;
