import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { endianness, tmpdir } from 'node:os';
import { join } from 'node:path';
import { toolEnvironment } from '../system/environment.ts';
import { runProgram } from '../system/run-program.ts';
import { type CallNumbers, examinedCalls, pretendedCalls, refusedCalls, x32Calls } from './call-numbers.ts';
import { checkSeconds, inEnglish, whyUnsupported } from './capability-check.ts';
import { programPath } from './programs.ts';

/**
 * Ids of the architectures (`AUDIT_ARCH_*`, see linux/audit.h) whose calls the kernels that Node runs on accept, each with its
 * column in `CallNumbers`. The same number means another call on another architecture, so the filter checks the architecture first.
 */
const architectures: readonly { id: number; column: 0 | 1 | 2 | 3 }[] = [
  { id: 0xc000_003e, column: 0 }, // x86-64, and the same with 32-bit pointers (x32)
  { id: 0x4000_0003, column: 1 }, // i386
  { id: 0x4000_0028, column: 2 }, // ARM
  { id: 0xc000_00b7, column: 3 }, // 64-bit ARM
  { id: 0xc000_00f3, column: 3 }, // 64-bit RISC-V
  { id: 0x4000_00f3, column: 3 }, // 32-bit RISC-V
];

/** Node's names of the architectures whose kernels accept only calls of those above. */
const filtered: ReadonlySet<string> = new Set(['x64', 'ia32', 'arm64', 'arm', 'riscv64']);

/**
 * Requests of ioctl(2) by which a file's owner changes the file without a trace in its ctime and size, by type and number
 * (the lower half of a request): see fs/ext4/ext4.h, fs/xfs/libxfs/xfs_fs.h and linux/fsverity.h. Checkouts reuse files by
 * their ctime, see git/kept-tree.ts.
 */
const traceless: readonly number[] = [
  0x660f, // EXT4_IOC_MOVE_EXT: the file that gives its blocks has other content afterwards
  0x6685, // FS_IOC_ENABLE_VERITY: nobody can write to the file any more
  0x586d, // XFS_IOC_SWAPEXT
  0x5881, // XFS_IOC_EXCHANGE_RANGE
  0x5883, // XFS_IOC_COMMIT_RANGE
];

/**
 * Flags of clone(2) and unshare(2) that make namespaces, see linux/sched.h: in a user namespace a job would reach much more of
 * the kernel. clone(2) uses the bits of the time namespace for a signal.
 */
const namespaces = 0x7e02_0000;
const timeNamespace = 0x80;
/**
 * Families of sockets, see bits/socket.h: AF_VSOCK reaches the hypervisor and other guests in spite of network namespaces;
 * AF_ALG, the kernel's ciphers, could change read-only files in memory (CVE-2026-31431).
 */
const families: readonly number[] = [40, 38];

/** What a command that is root of its own user namespace needs: mounts, in namespaces of mounts, names, messages and processes. */
const mounts: ReadonlySet<string> = new Set(['mount', 'umount', 'umount2']);
const mountNamespaces = 0x2c02_0000;
/** What a program needs to make such a namespace for itself, and to enter it again. */
const entering = 'setns';
const userNamespaces = 0x1000_0000;
/** Newer calls for mounts, which programs do without where the kernel does not know them. */
const newMounts: ReadonlySet<string> = new Set([
  ...['fsopen', 'fsconfig', 'fsmount', 'fspick', 'open_tree', 'open_tree_attr', 'move_mount', 'mount_setattr'],
]);

/** Instructions, see linux/bpf_common.h; for offsets and return values see seccomp(2). */
const load = 0x20;
const jumpIfEqual = 0x15;
const jumpIfAny = 0x45;
const and = 0x54;
const giveBack = 0x06;
const numberAt = 0;
const architectureAt = 4;
/** the lower halves of the first and the second argument */
const [firstAt, secondAt] = [16, 24];
/** bit that marks the numbers of x32 */
const x32Mark = 0x4000_0000;
const allow = 0x7fff_0000;
const fail = (error: number) => 0x0005_0000 + error;
/** no error: the call seems to have succeeded */
const done = fail(0);
/** EPERM */
const forbidden = fail(1);
/** ENOSYS, as from a kernel without the call, so that libraries use an older one */
const unknown = fail(38);
/** ENOTTY, as from a file system that does not know the request */
const notKnown = fail(25);

/**
 * A program for seccomp(2) that refuses these calls and lets all other system calls go on as they are. Most cost
 * nothing: the kernel knows in advance that their number alone allows them.
 */
export function callFilter(): Buffer {
  return filterFor({ mounts: false, users: false, pretends: false });
}

/**
 * As `callFilter`, but allows mounts: for a command that is root of a user namespace in which it can do nothing else with that.
 * @param hasUsers whether the namespace has more users than root
 */
export function rootFilter(hasUsers: boolean): Buffer {
  return filterFor({ mounts: true, users: false, pretends: !hasUsers });
}

/** As `rootFilter`, for a job that may make such namespaces for itself. */
export function builderFilter(): Buffer {
  return filterFor({ mounts: true, users: true, pretends: false });
}

/** What a filter allows beyond what every job may do. */
interface Allowed {
  mounts: boolean;
  /** user namespaces */
  users: boolean;
  /** whether `pretendedCalls` seem to succeed */
  pretends: boolean;
}

const built = new Map<string, Buffer>();

function filterFor(allowed: Allowed): Buffer {
  const key = JSON.stringify(allowed);
  const known = built.get(key) ?? build(allowed);
  built.set(key, known);
  return known;
}

function build(allowed: Allowed): Buffer {
  const programs = architectures.map(({ id, column }) => {
    const own = programOf(column, allowed);
    return Buffer.concat([instruction(jumpIfEqual, id, 0, own.length / size), own]);
  });
  return Buffer.concat([instruction(load, architectureAt), ...programs, instruction(giveBack, allow)]);
}

/** The part for one architecture. It always returns a verdict. */
function programOf(column: 0 | 1 | 2 | 3, allowed: Allowed): Buffer {
  const known: Record<string, CallNumbers> = { ...refusedCalls, ...examinedCalls, ...pretendedCalls };
  const numbersOf = (name: string): number[] => {
    const number = known[name]?.[column] ?? null;
    const other = column === 0 ? (x32Calls as Partial<Record<string, number>>)[name] : undefined;
    return [number, other].filter((each) => each !== null && each !== undefined);
  };
  const all = Object.keys(refusedCalls);
  const isAllowed = (name: string) =>
    (allowed.mounts && (mounts.has(name) || newMounts.has(name))) || (allowed.users && name === entering);
  const names = all.filter((name) => !isAllowed(name));
  const missing = allowed.mounts ? [...newMounts] : [];
  const pretended = allowed.pretends ? Object.keys(pretendedCalls) : [];
  const refused = namespaces & ~(allowed.mounts ? mountNamespaces : 0) & ~(allowed.users ? userNamespaces : 0);
  const cases: { numbers: number[]; end: Buffer }[] = [
    { numbers: names.flatMap(numbersOf), end: instruction(giveBack, forbidden) },
    { numbers: [...numbersOf('clone3'), ...missing.flatMap(numbersOf)], end: instruction(giveBack, unknown) },
    { numbers: pretended.flatMap(numbersOf), end: instruction(giveBack, done) },
    { numbers: numbersOf('clone'), end: unlessAny(firstAt, refused, forbidden) },
    { numbers: numbersOf('unshare'), end: unlessAny(firstAt, refused | timeNamespace, forbidden) },
    { numbers: numbersOf('socket'), end: unlessEqual(firstAt, 0xffff_ffff, families, forbidden) },
    { numbers: numbersOf('ioctl'), end: unlessEqual(secondAt, 0xffff, traceless, notKnown) },
  ];
  // jumps only go forwards, so their targets come after all jumps
  const count = cases.reduce((sum, { numbers }) => sum + numbers.length, 0);
  const jumps: Buffer[] = [];
  let target = count + 1;
  for (const { numbers, end } of cases) {
    for (const number of numbers) jumps.push(instruction(jumpIfEqual, number, target - jumps.length - 1));
    target += end.length / size;
  }
  const head = [instruction(load, numberAt), ...(column === 0 ? [instruction(and, ~x32Mark)] : [])];
  return Buffer.concat([...head, ...jumps, instruction(giveBack, allow), ...cases.map(({ end }) => end)]);
}

function unlessAny(at: number, bits: number, verdict: number): Buffer {
  return Buffer.concat([
    instruction(load, at),
    instruction(jumpIfAny, bits, 0, 1),
    instruction(giveBack, verdict),
    instruction(giveBack, allow),
  ]);
}

function unlessEqual(at: number, mask: number, values: readonly number[], verdict: number): Buffer {
  return Buffer.concat([
    ...[instruction(load, at), instruction(and, mask)],
    ...values.map((value, index) => instruction(jumpIfEqual, value, values.length - index)),
    ...[instruction(giveBack, allow), instruction(giveBack, verdict)],
  ]);
}

/** bytes per instruction */
const size = 8;

/** struct sock_filter; `yes` and `no` are how many instructions to skip. */
function instruction(code: number, operand: number, yes = 0, no = 0): Buffer {
  const bytes = Buffer.alloc(size);
  bytes.writeUInt16LE(code, 0);
  bytes.writeUInt8(yes, 2);
  bytes.writeUInt8(no, 3);
  bytes.writeUInt32LE(operand >>> 0, 4);
  return bytes;
}

/**
 * Whether commands can run with the filter here; older versions of setpriv(1) cannot load one.
 * @param architecture Node's name
 * @throws VoltError `isolation_unavailable` where trying fails for a reason that may pass
 */
export async function canFilterCalls(architecture: string = process.arch): Promise<boolean> {
  if (endianness() !== 'LE' || !filtered.has(architecture)) return false;
  const why = await whyUnsupported('a filter of system calls', 'VOLT_ISOLATION=none', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'volt-calls-'));
    try {
      const file = join(folder, 'calls.bpf');
      await writeFile(file, callFilter());
      const args = ['--no-new-privs', `--seccomp-filter=${file}`, '--', programPath('true')];
      await runProgram(programPath('setpriv'), args, {
        env: inEnglish(toolEnvironment()),
        timeout: checkSeconds * 1000,
      });
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
  return why === undefined;
}
