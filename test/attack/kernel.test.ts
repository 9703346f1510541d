import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { dirname, join } from 'node:path';
import { expect } from 'chai';
import { canFilterCalls } from '../../src/exec/call-filter.ts';
import { asOrdinaryUser, attack, giveToOrdinaryUser, type Setting } from '../support/attack.ts';
import { TestFolders } from '../support/folder.ts';
import { VoltProcesses } from '../support/processes.ts';
import { TestRepository } from '../support/repository.ts';

describe('a job that misuses the kernel', () => {
  const folders = new TestFolders();
  const processes = new VoltProcesses();
  const repositories: TestRepository[] = [];

  before(async function () {
    if (!(await canFilterCalls())) this.skip();
  });

  after(async () => {
    await processes.end();
    folders.remove();
    for (const repository of repositories) repository.remove();
  });

  /** @returns the job's output; that command starts Volt */
  async function tried({ level, user }: Setting, script: string, starter: readonly string[] = []): Promise<string> {
    const folder = folders.make();
    const account = user === 'root' ? { inside: [], env: {}, dataDir: join(folder, 'data') } : asOrdinaryUser(folder);
    const repository = new TestRepository({ 'test.sh': `${script}\necho ALL TRIED\n` });
    repositories.push(repository);
    if (user === 'ordinary user') giveToOrdinaryUser(dirname(repository.path));
    const up = processes.start(
      [
        'up',
        '--repo',
        repository.path,
        '--command',
        'sh ./test.sh',
        '--once',
        '--port',
        '0',
        '--data',
        account.dataDir,
      ],
      { ...account.env, VOLT_ISOLATION: level },
      [...starter, ...account.inside],
    );
    await up.ended();
    expect(up.output).to.include('ALL TRIED');
    return up.output;
  }

  const settings = { levels: ['sandbox', 'user'], users: ['root', 'ordinary user'] } as const;

  attack(
    {
      attacker: 'pusher to a trusted branch',
      asset: 'secrets',
      title: 'cannot read or write keys in the session keyring of the user who started Volt',
      ...settings,
    },
    async function (setting) {
      try {
        execFileSync('sh', ['-c', 'command -v keyctl'], { stdio: 'ignore' });
      } catch {
        return this.skip();
      }
      const ticket = `ticket-${randomUUID()}`;
      // as kinit(1) with KEYRING: leaves one: every process that has the keyring may read it
      const begin = `id=$(keyctl add user ticket ${ticket} @s) && keyctl setperm $id 0x3f3f0000 && exec "$@"`;
      const script =
        'keyctl show @s; keyctl read $(keyctl search @s user ticket); keyctl print $(keyctl search @s user ticket); keyctl add user channel x @s';
      const output = await tried(setting, script, ['keyctl', 'session', '-', 'sh', '-c', begin, 'sh']);
      expect(output).to.not.include(ticket).and.not.include(Buffer.from(ticket).toString('hex').slice(0, 8));
      expect(output).to.match(/Operation not permitted/);
    },
  );

  attack(
    {
      attacker: 'pusher to a trusted branch',
      asset: 'the machine',
      title: 'cannot get rights by namespaces, load programs into the kernel or trace other processes',
      ...settings,
    },
    async (setting) => {
      const script = `
unshare --user --map-root-user id -u && echo NAMESPACE MADE
unshare --user --map-root-user --net --mount sh -c 'mount -t tmpfs none /tmp' && echo MOUNTED
sleep 60 & python3 - $! <<'END'
import ctypes, os, sys
libc = ctypes.CDLL(None, use_errno=True)
def call(name, number, *args):
    result = libc.syscall(number, *args)
    print(name, 'REACHED' if result >= 0 else os.strerror(ctypes.get_errno()))
if os.uname().machine == 'x86_64':
    call('io_uring', 425, 1, ctypes.byref(ctypes.create_string_buffer(120)))
    call('bpf', 321, 0, ctypes.byref(ctypes.create_string_buffer(72)), 72)
    call('userfaultfd', 323, 1)
    call('perf_event_open', 298, ctypes.byref(ctypes.create_string_buffer(112)), 0, -1, -1, 0)
    call('ptrace', 101, 0x4206, int(sys.argv[1]), 0, 0)
    call('keyctl', 250, 0, -3, 1)
    call('vsock', 41, 40, 1, 0)
    call('alg', 41, 38, 5, 0)
END
kill %1`;
      const output = await tried(setting, script);
      expect(output).to.not.match(/NAMESPACE MADE|MOUNTED|REACHED/);
      if (process.arch !== 'x64') return;
      expect(output.match(/Operation not permitted/g)?.length).to.be.at.least(8);
      // a kernel without such sockets would say so
      expect(output).to.include('alg Operation not permitted');
    },
  );

  attack(
    {
      attacker: 'pusher to a trusted branch',
      asset: 'the machine',
      title: 'cannot open vsock and kernel sockets by the 32-bit system call',
      ...settings,
    },
    async function (setting) {
      if (process.arch !== 'x64') return this.skip();
      // a 32-bit call from 64-bit code, with arguments below 4 GB
      const script = `
python3 - <<'END'
import ctypes, mmap, os, struct
libc = ctypes.CDLL(None, use_errno=True)
libc.mmap.restype = ctypes.c_void_p
libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_long]
low = libc.mmap(None, 4096, 7, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | 0x40, -1, 0)
def socket(name, family, kind):
    code = b'\\x53\\xb8' + struct.pack('<I', 102) + b'\\xbb' + struct.pack('<I', 1) + b'\\xb9' + struct.pack('<I', low + 256) + b'\\xcd\\x80\\x5b\\xc3'
    ctypes.memmove(low, code, len(code))
    ctypes.memmove(low + 256, struct.pack('<3I', family, kind, 0), 12)
    result = ctypes.CFUNCTYPE(ctypes.c_int)(low)()
    print(name, 'REACHED' if result >= 0 else os.strerror(-result), flush=True)
socket('vsock', 40, 1)
socket('alg', 38, 5)
END`;
      const output = await tried(setting, script);
      expect(output).to.not.include('REACHED');
      // a kernel without support for 32-bit programs ends the process at the first call
      expect(output).to.match(/alg Operation not permitted|Segmentation fault/);
    },
  );
});
