import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { builderFilter, callFilter, canFilterCalls, rootFilter } from '../../src/exec/call-filter.ts';
import { TestFolders } from '../support/folder.ts';

/** Ids of architectures, see linux/audit.h. */
const [x64, i386, arm64, arm, riscv64, mips64] = [
  0xc000003e, 0x40000003, 0xc00000b7, 0x40000028, 0xc00000f3, 0xc0000008,
] as const;

const moveExtents = 0xc028660f;

/** Runs the filter on a call with these arguments, as the kernel does: see seccomp(2). */
function verdict(
  architecture: number,
  number: number,
  first = 0,
  second = 0,
  program = callFilter(),
): 'allowed' | 'pretended' | 'refused' {
  const data: Record<number, number> = { 0: number, 4: architecture, 16: first, 24: second };
  let accumulator = 0;
  for (let at = 0; at < program.length; at += 8) {
    const [code, yes, no] = [program.readUInt16LE(at), program[at + 2] ?? 0, program[at + 3] ?? 0];
    const operand = program.readUInt32LE(at + 4);
    if (code === 0x20) accumulator = data[operand] ?? 0;
    else if (code === 0x54) accumulator = (accumulator & operand) >>> 0;
    else if (code === 0x15) at += 8 * (accumulator === operand ? yes : no);
    else if (code === 0x45) at += 8 * ((accumulator & operand) !== 0 ? yes : no);
    else if (code === 0x06 && operand === 0x7fff0000) return 'allowed';
    // an error without a number
    else if (code === 0x06) return operand === 0x50000 ? 'pretended' : 'refused';
    else throw new Error(`unknown instruction ${code}`);
  }
  throw new Error('the filter ends without a verdict');
}

describe('the system call filter', () => {
  const folders = new TestFolders();
  after(folders.remove);

  it('refuses ioctl requests that change a file without a trace, by the number of ioctl on each architecture', () => {
    for (const [architecture, number] of [
      [x64, 16],
      [x64, 0x40000202],
      [i386, 54],
      [arm64, 29],
      [arm, 54],
      [riscv64, 29],
    ] as const) {
      for (const request of [moveExtents, 0x6685, 0xc0c0586d, 0x5881, 0x5883])
        expect(verdict(architecture, number, 0, request)).to.equal('refused');
      expect(verdict(architecture, number, 0, 0x5401), 'another request').to.equal('allowed');
      expect(verdict(architecture, number + 1, 0, moveExtents), 'another call').to.equal('allowed');
    }
  });

  it('allows calls whose number means ioctl on another architecture only', () => {
    for (const [architecture, number] of [
      [x64, 29],
      [x64, 54],
      [i386, 16],
      [i386, 29],
      [arm64, 16],
      [arm64, 54],
      [mips64, 29],
    ] as const)
      expect(verdict(architecture, number, 0, moveExtents)).to.equal('allowed');
  });

  it('allows calls whose number means a refused call on another architecture only', () => {
    // ptrace is 26 on i386, 101 on x86-64 and 117 on arm64; bpf is 321 on x86-64
    for (const [architecture, number] of [
      [x64, 26],
      [x64, 117],
      [arm64, 26],
      [arm64, 101],
      [i386, 321],
      [mips64, 101],
    ] as const)
      expect(verdict(architecture, number), `${architecture} ${number}`).to.equal('allowed');
  });

  /** Numbers of the same calls on each: keyctl, ptrace, mount, bpf, setns, init_module, io_uring_setup. */
  const refused = [
    [x64, [250, 101, 165, 321, 308, 175, 425, 0x40000000 + 250, 0x40000000 + 521, 0x40000000 + 165]],
    [i386, [288, 26, 21, 357, 346, 128, 425]],
    [arm64, [219, 117, 40, 280, 268, 105, 425]],
    [arm, [311, 26, 21, 386, 375, 128, 425]],
    [riscv64, [219, 117, 40, 280, 268, 105, 425]],
  ] as const;

  it('refuses calls for keys, other processes, mounts and the kernel on each architecture', () => {
    for (const [architecture, numbers] of refused)
      for (const number of numbers)
        expect(verdict(architecture, number), `${architecture} ${number}`).to.equal('refused');
    // read, write, execve, futex, openat
    for (const number of [0, 1, 59, 202, 257]) expect(verdict(x64, number)).to.equal('allowed');
    for (const number of [63, 64, 221, 98, 56]) expect(verdict(arm64, number)).to.equal('allowed');
  });

  it('refuses namespaces, AF_VSOCK and AF_ALG sockets, and allows threads and other sockets', () => {
    const [newUser, thread, signal] = [0x10000000, 0x003d0f00, 0x01200011];
    for (const [architecture, clone, unshare, socket] of [
      [x64, 56, 272, 41],
      [i386, 120, 310, 359],
      [arm64, 220, 97, 198],
      [arm, 120, 337, 281],
      [riscv64, 220, 97, 198],
    ] as const) {
      const says = (number: number, first: number) => verdict(architecture, number, first);
      expect([
        ...[says(clone, newUser), says(unshare, newUser), says(unshare, 0x80)],
        ...[says(socket, 40), says(socket, 38)],
      ]).to.deep.equal(Array(5).fill('refused'));
      expect([says(clone, thread), says(clone, signal), says(unshare, 0x400), says(socket, 2)]).to.deep.equal(
        Array(4).fill('allowed'),
      );
    }
  });

  it('refuses socketcall on i386 only', () => {
    expect([i386, x64, arm64].map((architecture) => verdict(architecture, 102, 1))).to.deep.equal([
      'refused',
      'allowed',
      'allowed',
    ]);
  });

  it('lets root of a namespace mount in namespaces of mounts, and make no users, networks or other new things', () => {
    for (const hasUsers of [true, false]) {
      const of = (number: number, first = 0) => verdict(x64, number, first, 0, rootFilter(hasUsers));
      for (const [name, number, first] of [
        ['mount', 165, 0],
        ['umount2', 166, 0],
        ['unshare for mounts', 272, 0x20000],
        ['unshare for names, messages and processes', 272, 0x2c000000],
      ] as const)
        expect(of(number, first), name).to.equal('allowed');
      for (const [name, number, first] of [
        ['ptrace', 101, 0],
        ['setns', 308, 0],
        ['pivot_root', 155, 0],
        ['fsopen', 430, 0],
        ['bpf', 321, 0],
        ['unshare for users', 272, 0x10000000],
        ['unshare for a network', 272, 0x40000000],
        ['unshare for control groups', 272, 0x02000000],
      ] as const)
        expect(of(number, first), name).to.equal('refused');
      for (const [name, number] of [
        ['chown', 92],
        ['fchownat', 260],
        ['setgroups', 116],
        ['setresuid', 117],
      ] as const) {
        expect(of(number), name).to.equal(hasUsers ? 'allowed' : 'pretended');
        expect(verdict(x64, number, 0, 0, callFilter()), name).to.equal('allowed');
      }
    }
  });

  it('lets a job that builds images make user namespaces and enter them, but no networks', () => {
    const of = (number: number, first = 0) => verdict(x64, number, first, 0, builderFilter());
    expect([of(272, 0x10020000), of(56, 0x10000000), of(308), of(165)], 'needed').to.not.include('refused');
    expect([of(272, 0x40000000), of(101), of(155), of(321)], 'others').to.deep.equal(Array(4).fill('refused'));
  });

  it('lets a program start threads and other programs', async function () {
    if (!(await canFilterCalls())) return this.skip();
    const file = join(folders.make(), 'calls.bpf');
    writeFileSync(file, callFilter());
    const script = `const { Worker } = require('node:worker_threads'); require('node:child_process').execFileSync('true'); new Worker('console.log("both")', { eval: true })`;
    const args = ['--no-new-privs', `--seccomp-filter=${file}`, process.execPath, '-e', script];
    expect(execFileSync('setpriv', args, { encoding: 'utf8' })).to.equal('both\n');
  });

  it('lets a program share memory whose size looks like a refused request', async function () {
    if (!(await canFilterCalls())) return this.skip();
    const file = join(folders.make(), 'calls.bpf');
    writeFileSync(file, callFilter());
    const share = `
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
shared = libc.shmget(0, 0x1586d, 0o1600)
print('shared' if shared >= 0 else ctypes.get_errno())
libc.shmctl(shared, 0, None)`;
    const args = ['--no-new-privs', `--seccomp-filter=${file}`, 'python3', '-c', share];
    expect(execFileSync('setpriv', args, { encoding: 'utf8' })).to.equal('shared\n');
  });

  it('cannot be used on an architecture whose call numbers it does not know', async () => {
    expect(await canFilterCalls('mips64el')).to.equal(false);
  });
});
