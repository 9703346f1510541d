import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { endianness, tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { toolEnvironment } from '../kernel/environment.ts';
import { programPath } from './programs.ts';

const run = promisify(execFile);

/**
 * Numbers of ioctl(2), which are those of other calls elsewhere, by what the kernel calls the architecture of a call: all by
 * which programs may call a kernel that Node runs on. See linux/audit.h.
 */
const architectures: readonly { id: number; ioctl: readonly number[] }[] = [
  // x86-64, and the same with 32-bit pointers (x32)
  { id: 0xc000_003e, ioctl: [16, 0x4000_0202] },
  { id: 0x4000_0003, ioctl: [54] }, // i386
  { id: 0xc000_00b7, ioctl: [29] }, // 64-bit ARM
  { id: 0x4000_0028, ioctl: [54] }, // ARM
  { id: 0xc000_00f3, ioctl: [29] }, // 64-bit RISC-V
  { id: 0x4000_00f3, ioctl: [29] }, // 32-bit RISC-V
];

/** Node's names of the architectures whose kernels take calls of these and of no others. */
const filtered: ReadonlySet<string> = new Set(['x64', 'ia32', 'arm64', 'arm', 'riscv64']);

/**
 * What a file's owner may ask of file systems that changes a file, while neither its ctime nor its size tells. By type and
 * number, the lower half of a request; see fs/ext4/ext4.h, fs/xfs/libxfs/xfs_fs.h and linux/fsverity.h.
 */
const silent: readonly number[] = [
  0x660f, // EXT4_IOC_MOVE_EXT: the file that gives its blocks has other content afterwards
  0x6685, // FS_IOC_ENABLE_VERITY: nobody can write to the file any more
  0x586d, // XFS_IOC_SWAPEXT
  0x5881, // XFS_IOC_EXCHANGE_RANGE
  0x5883, // XFS_IOC_COMMIT_RANGE
];

/** See linux/bpf_common.h, and seccomp(2) for what is loaded from where and for what is returned. */
const load = 0x20;
const jumpIfEqual = 0x15;
const and = 0x54;
const giveBack = 0x06;
const numberAt = 0;
const architectureAt = 4;
/** the lower half of the second argument */
const requestAt = 24;
const allow = 0x7fff_0000;
/** as of a file system that does not know the request: ENOTTY */
const refuse = 0x0005_0000 + 25;

/**
 * A program for seccomp(2) by which these requests fail and all other system calls go on as they are. Calls that are no
 * ioctl cost nothing: the kernel sees beforehand that their number alone lets them pass.
 */
export function callFilter(): Buffer {
  built ??= build();
  return built;
}

let built: Buffer | undefined;

function build(): Buffer {
  const requests = [
    instruction(load, requestAt),
    instruction(and, 0xffff),
    ...silent.map((request, index) =>
      instruction(jumpIfEqual, request, silent.length - 1 - index, index === silent.length - 1 ? 1 : 0),
    ),
    instruction(giveBack, refuse),
    instruction(giveBack, allow),
  ];
  // jumps lead forwards, so what is before the requests grows from its end; that is met by calls of other architectures
  let before = [instruction(giveBack, allow)];
  for (const { id, ioctl } of architectures) {
    const numbers = ioctl.map((number, index) =>
      instruction(jumpIfEqual, number, ioctl.length - index + before.length),
    );
    const own = [instruction(load, numberAt), ...numbers, instruction(giveBack, allow)];
    before = [instruction(jumpIfEqual, id, 0, own.length), ...own, ...before];
  }
  return Buffer.concat([instruction(load, architectureAt), ...before, ...requests]);
}

/** struct sock_filter; `yes` and `no` are how many instructions to skip. */
function instruction(code: number, operand: number, yes = 0, no = 0): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeUInt16LE(code, 0);
  bytes.writeUInt8(yes, 2);
  bytes.writeUInt8(no, 3);
  bytes.writeUInt32LE(operand >>> 0, 4);
  return bytes;
}

/**
 * Whether commands can be run under it here; older versions of setpriv(1) cannot load one.
 * @param architecture Node's name of it
 */
export async function canFilterCalls(architecture: string = process.arch): Promise<boolean> {
  if (endianness() !== 'LE' || !filtered.has(architecture)) return false;
  const folder = await mkdtemp(join(tmpdir(), 'volt-calls-'));
  try {
    const file = join(folder, 'calls.bpf');
    await writeFile(file, callFilter());
    const args = ['--no-new-privs', `--seccomp-filter=${file}`, '--', programPath('true')];
    await run(programPath('setpriv'), args, { env: toolEnvironment(), timeout: 5000 });
    return true;
  } catch {
    return false;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
