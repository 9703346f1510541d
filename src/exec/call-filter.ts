import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { endianness, tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { toolEnvironment } from '../kernel/environment.ts';
import { programPath } from './programs.ts';

const run = promisify(execFile);

/** Numbers of ioctl(2): of x86-64, of it with 32-bit pointers (x32), of i386 and ARM, of 64-bit ARM and the like. */
const ioctl = [16, 0x4000_0202, 54, 29] as const;

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
  const numbers = ioctl.map((number, index) =>
    instruction(jumpIfEqual, number, ioctl.length - 1 - index, index === ioctl.length - 1 ? silent.length + 3 : 0),
  );
  const requests = silent.map((request, index) =>
    instruction(jumpIfEqual, request, silent.length - 1 - index, index === silent.length - 1 ? 1 : 0),
  );
  return Buffer.concat([
    instruction(load, numberAt),
    ...numbers,
    instruction(load, requestAt),
    instruction(and, 0xffff),
    ...requests,
    instruction(giveBack, refuse),
    instruction(giveBack, allow),
  ]);
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

/** Whether commands can be run under it here; older versions of setpriv(1) cannot load one. */
export async function canFilterCalls(): Promise<boolean> {
  if (endianness() !== 'LE') return false;
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
