import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { linkSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { bytesOnDisk } from '../../src/system/disk-use.ts';
import { TestFolders } from '../support/folder.ts';

describe('bytesOnDisk', () => {
  const folders = new TestFolders();
  after(folders.remove);

  it('counts each file once, and not the targets of links', async () => {
    const [one, other, elsewhere] = [folders.make(), folders.make(), folders.make()];
    mkdirSync(join(one, 'a\nb'));
    for (const file of [join(one, 'a\nb', 'file'), join(other, 'file')])
      writeFileSync(file, Buffer.alloc(1_000_000, 1));
    linkSync(join(other, 'file'), join(other, 'again'));
    writeFileSync(join(elsewhere, 'large'), Buffer.alloc(5_000_000, 1));
    symlinkSync(elsewhere, join(one, 'link'));
    expect(await bytesOnDisk([one, other], 10_000)).to.be.within(2_000_000, 2_100_000);
  });

  it('counts what it can read, and 0 for a missing folder', async () => {
    const folder = folders.make();
    writeFileSync(join(folder, 'file'), Buffer.alloc(1_000_000, 1));
    expect(await bytesOnDisk([folder, join(folder, 'missing')], 10_000)).to.be.within(1_000_000, 1_100_000);
    expect(await bytesOnDisk([join(folder, 'missing')], 10_000)).to.equal(0);
  });

  it('counts while folders are moved or replaced by links', async () => {
    const [folder, elsewhere] = [folders.make(), folders.make()];
    writeFileSync(join(folder, 'file'), Buffer.alloc(1_000_000, 1));
    linkSync(join(folder, 'file'), join(folder, 'again'));
    mkdirSync(join(elsewhere, '0'));
    writeFileSync(join(elsewhere, '0', 'large'), Buffer.alloc(5_000_000, 1));
    const swap = `
      const fs = require('fs');
      process.chdir(process.argv[1]);
      for (let count = 0; count < 20; count++) fs.mkdirSync('in/' + count + '/0/1', { recursive: true });
      console.log('begun');
      for (;;) for (let count = 0; count < 20; count++) {
        const [at, aside] = ['in/' + count, 'aside' + count];
        fs.renameSync(at, aside); fs.symlinkSync(process.argv[2], at); fs.unlinkSync(at); fs.renameSync(aside, at);
      }`;
    const swapping = spawn(process.execPath, ['-e', swap, folder, elsewhere], { stdio: ['ignore', 'pipe', 'inherit'] });
    try {
      await once(swapping.stdout, 'data');
      for (let count = 0; count < 40; count++)
        expect(await bytesOnDisk([folder], 10_000)).to.be.within(1_000_000, 2_000_000);
    } finally {
      swapping.kill('SIGKILL');
      await once(swapping, 'close');
    }
  });
});
