import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { takeHome } from '../../../src/job/sandbox/home-use.ts';
import { type HomeBounds, pruneHomes } from '../../../src/job/sandbox/homes.ts';
import { releaseIdle } from '../../../src/job/sandbox/kept-locks.ts';
import { dataPaths } from '../../../src/kernel/data-paths.ts';
import { lockFile } from '../../../src/system/lock.ts';
import { startChild } from '../../support/child.ts';
import { TestFolders } from '../../support/folder.ts';
import { evaluateAs } from '../../support/other-user.ts';

const fail = (message: string) => expect.fail(message);
const inDays = (days: number) => Date.now() + days * 86_400_000;
const megabyte = 1_048_576;

/** A user other than root, who can open every folder. */
const uid = 60_575;

/** Removes homes, and prints what was removed and what was not. */
const pruning = `
  import { pruneHomes } from './src/job/sandbox/homes.ts';
  const said = [];
  const removed = await pruneHomes(process.argv.at(-1), { needed: 1e12 }, false, Date.now(), (text) => said.push(text));
  console.log(JSON.stringify([removed.map(({ repository }) => repository), said]));
`;

/** Takes a home for itself alone, and keeps it. */
const taking = `
  import { mkdirSync } from 'node:fs';
  import { join } from 'node:path';
  import { takeHome } from './src/job/sandbox/home-use.ts';
  const [homes, home] = process.argv.slice(-2);
  await takeHome(homes, home, { make: () => mkdirSync(join(homes, home)), wantsAlone: true });
  console.log('taken');
  setInterval(() => {}, 1000);
`;

describe('homes of repositories', () => {
  const folders = new TestFolders();
  let dataDir: string;
  let homes: string;

  beforeEach(() => {
    dataDir = folders.make();
    homes = dataPaths(dataDir).homes;
  });
  after(folders.remove);

  /** The home of the default branch of a repository. */
  const homeOf = (name: string) => `${name}+0+default`;
  const at = (name: string) => join(homes, homeOf(name));
  const take = (home: string, wantsAlone = false) =>
    takeHome(homes, home, { make: () => mkdirSync(join(homes, home)), wantsAlone });

  /** Takes the home of a repository for a job, and writes a megabyte to it. @returns a function that gives it back */
  async function use(name: string): Promise<() => void> {
    const { leave } = await take(homeOf(name));
    mkdirSync(join(at(name), 'cache/closed'), { recursive: true });
    writeFileSync(join(at(name), 'cache/closed/file'), Buffer.alloc(megabyte, 1));
    return leave;
  }

  /** Makes a home look as if a job used it this many days ago. */
  async function used(name: string, daysAgo: number): Promise<void> {
    (await use(name))();
    utimesSync(join(homes, '.uses', homeOf(name)), new Date(inDays(-daysAgo)), new Date(inDays(-daysAgo)));
  }

  async function prune(bounds: HomeBounds, dryRun = false): Promise<string[]> {
    return (await pruneHomes(dataDir, bounds, dryRun, Date.now(), fail)).map(({ repository }) => repository);
  }

  it('are measured without following links that a job puts there meanwhile', async () => {
    (await use('app'))();
    const elsewhere = folders.make();
    for (let count = 0; count < 4; count++) {
      mkdirSync(join(elsewhere, String(count)));
      writeFileSync(join(elsewhere, String(count), 'file'), Buffer.alloc(8 * megabyte, 1));
    }
    const swap = `
      const fs = require('fs');
      process.chdir(process.argv[1]);
      for (let count = 0; count < 40; count++) fs.mkdirSync('in/' + count + '/0', { recursive: true });
      console.log('begun');
      for (;;) for (let count = 0; count < 40; count++) {
        const [at, aside] = ['in/' + count, 'aside' + count];
        fs.renameSync(at, aside); fs.symlinkSync(process.argv[2], at); fs.unlinkSync(at); fs.renameSync(aside, at);
      }`;
    const swapping = spawn(process.execPath, ['-e', swap, at('app'), elsewhere], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    try {
      await once(swapping.stdout, 'data');
      for (let count = 0; count < 60; count++) {
        const [home] = await pruneHomes(dataDir, { needed: 1e12 }, true, Date.now(), fail);
        expect(home?.bytes).to.be.within(megabyte, 2 * megabyte);
      }
    } finally {
      swapping.kill('SIGKILL');
      await once(swapping, 'close');
    }
  });

  it('are removed after the days without a job', async () => {
    await used('old', 31);
    await used('young', 29);
    expect(await prune({ days: 30 }, true)).to.deep.equal(['old']);
    expect(existsSync(at('old'))).to.equal(true);
    const [removed] = await pruneHomes(dataDir, { days: 30 }, false, Date.now(), fail);
    expect(removed?.repository).to.equal('old');
    expect(removed?.bytes).to.be.within(megabyte, 2 * megabyte);
    expect(readdirSync(homes).filter((name) => !name.startsWith('.'))).to.deep.equal([homeOf('young')]);
    expect(readdirSync(join(homes, '.removed'))).to.deep.equal([]);
  });

  it('are removed, least recently used first, until the rest is within the size limit', async () => {
    for (const [name, days] of [
      ['c', 1],
      ['a', 3],
      ['b', 2],
    ] as const)
      await used(name, days);
    expect(await prune({ limit: 2.5 * megabyte })).to.deep.equal(['a']);
    expect(await prune({ needed: 1.5 * megabyte })).to.deep.equal(['b', 'c']);
  });

  it('are removed with their repositories', async () => {
    await used('here', 1);
    await used('gone', 1);
    expect(await prune({ known: new Set(['here+0']) })).to.deep.equal(['gone']);
    expect(await prune({})).to.deep.equal([]);
  });

  it('stay while a job uses them, whatever the limits', async () => {
    const leave = await use('busy');
    utimesSync(join(homes, '.uses', homeOf('busy')), new Date(0), new Date(0));
    const bounds = { days: 1, limit: 1, needed: 1, known: new Set<string>() };
    expect(await prune(bounds)).to.deep.equal([]);
    const other = await use('busy');
    leave();
    expect(await prune(bounds)).to.deep.equal([]);
    other();
    expect(await prune(bounds)).to.deep.equal(['busy']);
  });

  it('stay while a job of another process uses them, until that process is killed', async () => {
    await used('app', 1);
    const other = startChild(taking, { args: [homes, homeOf('app')] });
    expect(await other.line()).to.equal('taken');
    expect(await prune({ needed: 1 })).to.deep.equal([]);
    await other.kill();
    expect(await prune({ needed: 1 })).to.deep.equal(['app']);
  });

  it('are created again for a job that waits while another process removes them', async () => {
    await used('app', 1);
    await releaseIdle(join(homes, '.uses', homeOf('app')));
    const removing = await lockFile(join(homes, '.uses', homeOf('app')));
    const taken = use('app');
    rmSync(at('app'), { recursive: true });
    rmSync(join(homes, '.uses', homeOf('app')));
    removing?.release();
    const leave = await taken;
    expect(existsSync(at('app'))).to.equal(true);
    expect(await prune({ needed: 1 })).to.deep.equal([]);
    leave();
  });

  it('are removed with what a killed process was removing', async () => {
    mkdirSync(join(homes, '.removed/app-1/cache'), { recursive: true });
    await prune({});
    expect(readdirSync(join(homes, '.removed'))).to.deep.equal([]);
  });

  it('of an older Volt are removed, whatever the limits, once no job uses them', async () => {
    mkdirSync(join(homes, 'old/cache'), { recursive: true });
    await used('new', 1);
    expect(await prune({}, true)).to.deep.equal(['old']);
    const { leave } = await take('old');
    expect(await prune({})).to.deep.equal([]);
    leave();
    expect(await prune({})).to.deep.equal(['old']);
    expect(existsSync(at('new'))).to.equal(true);
  });

  it('are removed, least recently used first, until the rest is within the limit of their number', async () => {
    for (const [name, days] of [
      ['c', 1],
      ['a', 3],
      ['b', 2],
    ] as const)
      await used(name, days);
    expect(await prune({ most: 2 })).to.deep.equal(['a']);
    expect(await prune({ most: 2 })).to.deep.equal([]);
  });

  it('are reserved by at most one of the jobs that want one alone', async () => {
    const home = homeOf('app');
    const first = await take(home, true);
    const second = await take(home, true);
    const third = await take(home);
    expect([first, second, third].map(({ isAlone }) => isAlone)).to.deep.equal([true, false, false]);
    first.leave();
    const fourth = await take(home, true);
    expect(fourth.isAlone).to.equal(true);
    for (const { leave } of [second, third, fourth]) leave();
    const together = await Promise.all(['a', 'b', 'c'].map(() => take(home, true)));
    expect(together.filter(({ isAlone }) => isAlone)).to.have.length(1);
    for (const { leave } of together) leave();
  });

  it('are not reserved while a job of another process has reserved them', async () => {
    const other = startChild(taking, { args: [homes, homeOf('app')] });
    expect(await other.line()).to.equal('taken');
    const own = await take(homeOf('app'), true);
    expect(own.isAlone).to.equal(false);
    await other.kill();
    const next = await take(homeOf('app'), true);
    expect(next.isAlone).to.equal(true);
    for (const { leave } of [own, next]) leave();
  });

  it('are created once, however many jobs begin together', async () => {
    let made = 0;
    const make = () => {
      made++;
      mkdirSync(at('app'));
    };
    await Promise.all(['a', 'b', 'c'].map(() => takeHome(homes, homeOf('app'), { make })));
    expect(made).to.equal(1);
  });

  it('are removed without root even if jobs closed them, and if another one cannot be removed', async function () {
    if (process.getuid?.() !== 0) return this.skip();
    for (const name of ['foreign', 'closed', 'good']) {
      await used(name, 1);
      await releaseIdle(join(homes, '.uses', homeOf(name)));
    }
    execFileSync('chown', ['--recursive', String(uid), dataDir]);
    execFileSync('chown', ['--recursive', '0', at('foreign')]);
    for (const name of ['foreign', 'closed']) chmodSync(at(name), 0o555);
    const [removed, said] = JSON.parse(evaluateAs({ uid, gid: 0 }, pruning, dataDir));
    expect(removed).to.have.members(['closed', 'good']);
    expect(said).to.have.length(1);
    expect(said[0]).to.match(/^could not remove the home foreign\+0\+default: .*EPERM/);
    expect(readdirSync(homes).filter((name) => !name.startsWith('.'))).to.deep.equal([homeOf('foreign')]);
    expect(readdirSync(join(homes, '.removed'))).to.deep.equal([]);
  });
});
