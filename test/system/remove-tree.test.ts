import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { removeContested, removeTree } from '../../src/system/remove-tree.ts';
import { TestFolders } from '../support/folder.ts';
import { evaluateAs } from '../support/other-user.ts';

/** Any user but root, to whom every folder is open. */
const uid = 60_576;

const code = `
  import { removeTree } from './src/system/remove-tree.ts';
  await removeTree(process.argv.at(-1));
`;

/** Exchanges two names (renameat2 with RENAME_EXCHANGE) for as long as it may. */
const swap = `
import ctypes, os, sys
libc = ctypes.CDLL(None)
a, b = (os.fsencode(each) for each in sys.argv[1:])
print("begins", flush=True)
while True: libc.renameat2(-100, a, -100, b, 2)
`;

describe('removing a tree', () => {
  const folders = new TestFolders();
  after(folders.remove);

  /** A folder with links out of it, and folders in it in which nothing may be changed or seen. */
  function tree(): { top: string; outside: string } {
    const base = folders.make();
    chmodSync(base, 0o777);
    const outside = join(base, 'outside');
    const top = join(base, 'top');
    mkdirSync(join(top, 'cache/module/deep'), { recursive: true });
    mkdirSync(outside);
    writeFileSync(join(outside, 'mine'), 'mine');
    writeFileSync(join(top, 'cache/module/deep/file'), '');
    symlinkSync(outside, join(top, 'cache/module/link'));
    for (const [name, mode] of [
      ['cache/module/deep', 0o000],
      ['cache/module', 0o555],
      ['cache', 0o311],
    ] as const)
      chmodSync(join(top, name), mode);
    return { top, outside };
  }

  function removeAsUser(top: string, env: NodeJS.ProcessEnv = process.env): void {
    execFileSync('chown', ['--recursive', '--no-dereference', String(uid), top]);
    evaluateAs({ uid, gid: 0 }, code, top, env);
  }

  it('removes everything, and not the targets of links', async () => {
    const { top, outside } = tree();
    await removeTree(top);
    expect(existsSync(top)).to.equal(false);
    expect(readdirSync(outside)).to.deep.equal(['mine']);
    await removeTree(top);
  });

  it('removes a large tree, names that are not UTF-8, and a single file', async () => {
    const { top, outside } = tree();
    for (let index = 0; index < 300; index++) writeFileSync(join(top, `${index}`), '');
    const small = folders.make();
    writeFileSync(Buffer.concat([Buffer.from(`${small}/`), Buffer.from([0xff, 0x0a])]), '');
    const file = join(folders.make(), 'file');
    writeFileSync(file, '');
    for (const path of [top, small, file]) {
      await removeTree(path);
      expect(existsSync(path), path).to.equal(false);
    }
    expect(readdirSync(outside)).to.deep.equal(['mine']);
  });

  it('follows no link that somebody puts in its way meanwhile', async function () {
    if (process.getuid?.() !== 0) return this.skip();
    const base = folders.make();
    const [outside, top] = [join(base, 'outside'), join(base, 'top')];
    mkdirSync(outside);
    for (let round = 0; round < 30; round++) {
      mkdirSync(join(top, 'd'), { recursive: true });
      for (const name of ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']) {
        writeFileSync(join(outside, name), '');
        writeFileSync(join(top, 'd', name), '');
      }
      symlinkSync(outside, join(top, 'link'));
      const swapping = spawn('python3', ['-c', swap, join(top, 'd'), join(top, 'link')], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      const ended = once(swapping, 'exit');
      try {
        await once(swapping.stdout, 'data');
        // what is exchanged under its hands may be left
        await removeContested(top).catch(() => undefined);
      } finally {
        swapping.kill('SIGKILL');
        await ended;
      }
      expect(readdirSync(outside)).to.have.length(8);
      await removeContested(top);
      expect(existsSync(top)).to.equal(false);
    }
  }).timeout(60_000);

  it('gives rights to many folders with one process', async function () {
    if (process.getuid?.() !== 0) return this.skip();
    const { top } = tree();
    const programs = folders.make();
    const calls = join(programs, 'calls');
    writeFileSync(calls, '');
    writeFileSync(join(programs, 'chmod'), `#!/bin/sh\necho >> ${calls}\nexec /bin/chmod "$@"\n`);
    chmodSync(calls, 0o666);
    for (const path of [programs, join(programs, 'chmod')]) chmodSync(path, 0o755);
    for (let index = 0; index < 50; index++) {
      mkdirSync(join(top, `module-${index}/folder`), { recursive: true });
      chmodSync(join(top, `module-${index}`), 0o555);
    }
    removeAsUser(top, { ...process.env, PATH: `${programs}:${process.env.PATH}` });
    expect(existsSync(top)).to.equal(false);
    // and one each for those that cannot be read
    expect(readFileSync(calls, 'utf8').length).to.be.at.most(3);
  });

  it('removes folders without any permission, also without root', async function () {
    if (process.getuid?.() !== 0) return this.skip();
    const { top, outside } = tree();
    removeAsUser(top);
    expect(existsSync(top)).to.equal(false);
    expect(readdirSync(outside)).to.deep.equal(['mine']);
  });
});
