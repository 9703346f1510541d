import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { sandboxCommand } from '../../src/exec/bubblewrap.ts';
import type { SandboxPath, SandboxView } from '../../src/exec/isolation.ts';
import { programPath } from '../../src/exec/programs.ts';
import { TestFolders } from '../support/folder.ts';
import { isIsolable } from '../support/isolation.ts';

const plain: SandboxView = { temporary: [], readable: [], writable: [], hidden: [] };

describe('the file system of a sandbox', () => {
  const folders = new TestFolders();
  const isRoot = process.getuid?.() === 0;
  let top: string;

  before(async function () {
    if (!(await isIsolable('sandbox'))) return this.skip();
  });
  beforeEach(() => {
    top = folders.make();
    chmodSync(top, 0o755);
    for (const file of ['a/file', 'a/b/file', 'a/b/c/file', 'z/file']) {
      mkdirSync(join(top, file, '..'), { recursive: true });
      writeFileSync(join(top, file), `${file}\n`);
    }
  });
  after(folders.remove);

  const same = (name: string): SandboxPath => ({ from: join(top, name), to: join(top, name) });

  function command(view: Partial<SandboxView>): string[] {
    const own = isRoot ? [] : [programPath('unshare'), '--user', '--map-root-user', '--'];
    return [
      ...own,
      programPath('bwrap'),
      ...sandboxCommand({ ...plain, ...view }, { rootless: !isRoot, loopback: false }),
    ];
  }

  /** Runs a script in a sandbox, with the test's folder as its first argument. @returns its output */
  function run(view: Partial<SandboxView>, script: string): string {
    const [program, ...args] = command(view);
    return execFileSync(program as string, [...args, 'sh', '-c', `exec 2>&1; ${script}`, 'sh', top], {
      encoding: 'utf8',
    });
  }

  const list = 'cd $1; find . -type f | sort | xargs cat 2>/dev/null || true';
  const binds = (view: Partial<SandboxView>) => command(view).filter((each) => each.startsWith(`${top}/`)).length / 2;

  for (const [what, order] of [
    ['before', ['a/b/c', 'a/b', 'a']],
    ['after', ['a', 'a/b', 'a/b/c']],
    ['before and after', ['a/b', 'a', 'a/b/c']],
  ] as const)
    it(`has read-only folders that are listed ${what} a folder that contains them`, () => {
      const view = { readable: order.map(same) };
      expect(run(view, list)).to.equal('a/b/c/file\na/b/file\na/file\n');
      for (const name of ['a', 'a/b', 'a/b/c'])
        expect(run(view, `echo evil > $1/${name}/file || true`)).to.match(/Read-only file system/);
    });

  it('mounts no folder that a later mount covers', () => {
    // one --dir for the folder above
    expect(binds({ readable: ['a/b/c', 'a/b', 'a', 'a'].map(same) })).to.equal(binds({ readable: [same('a')] }));
  });

  it('shows a replacement of a path even if a folder that contains the path comes later', () => {
    const other = { from: join(top, 'z'), to: join(top, 'a/b') };
    expect(run({ readable: [same('a'), other] }, list)).to.equal('z/file\na/file\n');
    // the last mount counts
    expect(run({ readable: [other, same('a')] }, list)).to.equal('a/b/c/file\na/b/file\na/file\n');
    expect(run({ readable: [same('a/b/c'), other] }, list)).to.equal('z/file\n');
  });

  it('hides a hidden folder inside a shown folder, except for shown paths in it', () => {
    const hidden = [join(top, 'a/b')];
    expect(run({ readable: [same('a')], hidden }, list)).to.equal('a/file\n');
    expect(run({ readable: [same('a/b/c'), same('a')], hidden }, list)).to.equal('a/b/c/file\na/file\n');
    expect(run({ readable: [same('a'), same('a/b/c')], hidden }, list)).to.equal('a/b/c/file\na/file\n');
    expect(run({ readable: [same('a')], hidden: [join(top, 'a/b/file')] }, list)).to.equal('a/b/c/file\na/file\n');
    expect(run({ readable: [same('a')], hidden }, 'touch $1/a/b/new || true')).to.match(/Read-only file system/);
  });

  it('shows a link in a shown folder as a link', () => {
    symlinkSync(join(top, 'z'), join(top, 'a/link'));
    expect(run({ readable: [same('a/link'), same('a')] }, 'cat $1/a/link/file || readlink $1/a/link')).to.match(
      new RegExp(`No such file.*\n${join(top, 'z')}\n$`),
    );
  });

  it('lets every user pass through the folders above a shown path, and write to none', () => {
    const modes = 'for each in $1 $1/a $1/a/b; do stat -c %a $each; touch $each/new || true; done';
    chmodSync(join(top, 'a'), 0o700);
    for (const view of [{ readable: [same('a/b/c')] }, { writable: [same('a/b/c')] }])
      expect(run(view, modes).replace(/touch.*(Read-only file system)/g, '$1')).to.equal(
        '755\nRead-only file system\n'.repeat(3),
      );
  });

  it("shows Nix's programs without the sockets of its daemon", function () {
    if (!isRoot) return this.skip();
    // this system with an overlay that contains Nix
    const script = `
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { sandboxCommand } from './src/exec/bubblewrap.ts';
mkdirSync('/nix/store', { recursive: true });
writeFileSync('/nix/store/program', 'a program');
for (const name of ['daemon-socket', 'gc-socket']) {
  mkdirSync('/nix/var/nix/' + name, { recursive: true });
  await once(createServer().listen('/nix/var/nix/' + name + '/socket').unref(), 'listening');
}
const view = { temporary: [], readable: [], writable: [], hidden: [] };
const argv = sandboxCommand(view, { rootless: false, loopback: true });
console.log(execFileSync('bwrap', [...argv, 'sh', '-c', 'cat /nix/store/program; find /nix -type s'], { encoding: 'utf8' }));
process.exit();`;
    const layered = `set -e
mount -t tmpfs none "$1"; mkdir "$1/above" "$1/work" "$1/root"
mount -t overlay none -o lowerdir=/,upperdir="$1/above",workdir="$1/work" "$1/root"
for each in proc sys dev tmp "\${2#/}"; do mkdir -p "$1/root/$each"; mount --rbind "/$each" "$1/root/$each"; done
exec chroot "$1/root" sh -c 'cd "$1" && exec "$2" --import tsx --input-type=module -e "$3"' sh "$2" "$3" "$4"`;
    const args = ['--mount', 'sh', '-c', layered, 'sh', join(top, 'z'), process.cwd(), process.execPath, script];
    expect(execFileSync('unshare', args, { encoding: 'utf8' })).to.equal('a program\n');
  });

  it('shows the system read-only, with mounts inside of it', () => {
    expect(run({}, 'ls /sys/class >/dev/null && touch /sys/x /usr/x /etc/x || true')).to.match(
      /^(touch: .*Read-only file system\n){3}$/,
    );
    expect(
      run({ hidden: ['/sys/class', '/etc/hostname'] }, 'ls /sys/class; cat /etc/hostname 2>/dev/null || true'),
    ).to.equal('');
  });
});
