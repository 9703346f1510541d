import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { notesOf, takeHome } from '../../../src/job/isolation/home-use.ts';
import { type HomeBounds, pruneHomes } from '../../../src/job/isolation/homes.ts';
import { removeLeftJobs } from '../../../src/job/isolation/places.ts';
import { dataPaths } from '../../../src/kernel/data-paths.ts';
import { lockFile } from '../../../src/kernel/file-lock.ts';
import { TestFolders } from '../../support/folder.ts';
import { evaluateAs } from '../../support/other-user.ts';
import { until } from '../../support/until.ts';

const fail = (message: string) => expect.fail(message);
const inDays = (days: number) => Date.now() + days * 86_400_000;
const megabyte = 1_048_576;

/** Any user but root, to whom every folder is open. */
const uid = 60_575;

/** Removes all homes that it can, and says what was removed and what not. */
const pruning = `
  import { pruneHomes } from './src/job/isolation/homes.ts';
  const said = [];
  const removed = await pruneHomes(process.argv.at(-1), { needed: 1e12 }, false, Date.now(), (text) => said.push(text));
  console.log(JSON.stringify([removed.map(({ repository }) => repository), said]));
`;

describe('the homes of repositories', () => {
  const folders = new TestFolders();
  let dataDir: string;
  let homes: string;

  beforeEach(() => {
    dataDir = folders.make();
    homes = dataPaths(dataDir).homes;
  });
  after(folders.remove);

  const note = (job: string, runner = 'r1') => join(notesOf(dataPaths(dataDir).work, runner), job);
  const urlOf = (name: string) => `https://example.org/${name}.git`;
  const at = (name: string) => join(homes, name);

  /** A job takes the home of its repository, and writes a megabyte there. @returns gives it back */
  async function use(name: string, job = name, url = urlOf(name)): Promise<() => void> {
    const leave = await takeHome(homes, { work: dataPaths(dataDir).work, runner: 'r1', job }, { name, url });
    mkdirSync(join(at(name), 'cache/closed'), { recursive: true });
    writeFileSync(join(at(name), 'cache/closed/file'), Buffer.alloc(megabyte, 1));
    return leave;
  }

  /** A job has had it, so many days ago. */
  async function used(name: string, daysAgo: number): Promise<void> {
    (await use(name))();
    utimesSync(join(homes, '.uses', name), new Date(inDays(-daysAgo)), new Date(inDays(-daysAgo)));
  }

  async function prune(bounds: HomeBounds, dryRun = false): Promise<string[]> {
    return (await pruneHomes(dataDir, bounds, dryRun, Date.now(), fail)).map(({ repository }) => repository);
  }

  it('go when no job has had them for their days', async () => {
    await used('old', 31);
    await used('young', 29);
    expect(await prune({ days: 30 }, true)).to.deep.equal(['old']);
    expect(existsSync(at('old'))).to.equal(true);
    const [removed] = await pruneHomes(dataDir, { days: 30 }, false, Date.now(), fail);
    expect(removed?.repository).to.equal('old');
    expect(removed?.bytes).to.be.within(megabyte, 2 * megabyte);
    expect(readdirSync(homes).filter((name) => !name.startsWith('.'))).to.deep.equal(['young']);
    expect(readdirSync(join(homes, '.removed'))).to.deep.equal([]);
  });

  it('go, those first that no job has had the longest, until the rest is small enough', async () => {
    for (const [name, days] of [
      ['c', 1],
      ['a', 3],
      ['b', 2],
    ] as const)
      await used(name, days);
    expect(await prune({ limit: 2.5 * megabyte })).to.deep.equal(['a']);
    expect(await prune({ needed: 1.5 * megabyte })).to.deep.equal(['b', 'c']);
  });

  it('go with their repositories', async () => {
    await used('here', 1);
    await used('gone', 1);
    expect(await prune({ known: new Set(['here']) })).to.deep.equal(['gone']);
    expect(await prune({})).to.deep.equal([]);
  });

  it('stay while a job has them, whatever their bounds', async () => {
    const leave = await use('busy');
    utimesSync(join(homes, '.uses', 'busy'), new Date(0), new Date(0));
    const bounds = { days: 1, limit: 1, needed: 1, known: new Set<string>() };
    expect(await prune(bounds)).to.deep.equal([]);
    const other = await use('busy', 'another');
    leave();
    expect(await prune(bounds)).to.deep.equal([]);
    other();
    expect(await prune(bounds)).to.deep.equal(['busy']);
  });

  it('are not held by jobs of a runner that was killed, once it starts again', async () => {
    await use('left');
    expect(await prune({ needed: 1 })).to.deep.equal([]);
    await removeLeftJobs(dataDir, 'r1');
    expect(await prune({ needed: 1 })).to.deep.equal(['left']);
  });

  it('are not moved away between the moment in which a job says that it takes one and that in which it looks for it', async () => {
    await used('app', 1);
    const gate = join(homes, '.pruning');
    const closed = await lockFile(gate);
    let taken = false;
    const taking = use('app').then((leave) => {
      taken = true;
      return leave;
    });
    await until('the job says so', () => existsSync(note('app')));
    expect(taken).to.equal(false);
    rmSync(gate);
    closed?.release();
    const leave = await taking;
    expect(await prune({ needed: 1 })).to.deep.equal([]);
    leave();
  });

  it('are taken though somebody was killed who removed others', async () => {
    mkdirSync(join(homes, '.removed/app-1/cache'), { recursive: true });
    writeFileSync(join(homes, '.pruning'), '');
    await used('app', 1);
    expect(existsSync(join(homes, '.pruning'))).to.equal(false);
    await prune({});
    expect(readdirSync(join(homes, '.removed'))).to.deep.equal([]);
  });

  it('do not pass to another repository of the same name', async () => {
    (await use('app'))();
    writeFileSync(join(at('app'), 'secret'), 'mine');
    (await use('app'))();
    expect(readFileSync(join(at('app'), 'secret'), 'utf8')).to.equal('mine');
    (await use('app', 'other', 'https://example.org/else.git'))();
    expect(readdirSync(at('app'))).to.deep.equal(['cache']);
  });

  /** A job that has to wait for another one has begun to. */
  async function waiting(job: string, url: string): Promise<{ taken: Promise<() => void> }> {
    const taken = use('app', job, url);
    expect(existsSync(note(job))).to.equal(true);
    await until('it waits', () => !existsSync(note(job)));
    return { taken };
  }

  it('are not taken from jobs of another repository of the same name, but waited for', async () => {
    const other = 'https://example.org/else.git';
    const leave = await use('app');
    writeFileSync(join(at('app'), 'mine'), '');
    const { taken } = await waiting('other', other);
    expect(existsSync(join(at('app'), 'mine'))).to.equal(true);
    leave();
    (await taken)();
    expect(readdirSync(at('app'))).to.deep.equal(['cache']);
    expect(readFileSync(join(homes, '.uses/app'), 'utf8')).to.equal(other);
  });

  it('are not taken from a job where it cannot be told whose they are, and are set aside when it has ended', async () => {
    const leave = await use('app');
    writeFileSync(join(at('app'), 'mine'), '');
    writeFileSync(join(homes, '.uses/app'), '');
    const { taken } = await waiting('second', urlOf('app'));
    expect(existsSync(join(at('app'), 'mine'))).to.equal(true);
    leave();
    (await taken)();
    expect(existsSync(join(at('app'), 'mine'))).to.equal(false);
  });

  it('are said to be whose they are without a moment in which nothing is said', async () => {
    (await use('app'))();
    const said = join(folders.make(), 'said');
    linkSync(join(homes, '.uses/app'), said);
    (await use('app', 'other', 'https://example.org/else.git'))();
    expect(readFileSync(said, 'utf8')).to.equal(urlOf('app'));
  });

  it('stay where it cannot be read whether a job has them', async () => {
    await used('app', 1);
    mkdirSync(note('unreadable'), { recursive: true });
    const error = await prune({ needed: 1 }).catch((reason: NodeJS.ErrnoException) => reason);
    expect(error).to.have.property('code', 'EISDIR');
    expect(existsSync(at('app'))).to.equal(true);
  });

  it('go though jobs have closed theirs, and others cannot be removed, where nobody is root', async function () {
    if (process.getuid?.() !== 0) return this.skip();
    for (const name of ['foreign', 'closed', 'good']) await used(name, 1);
    execFileSync('chown', ['--recursive', String(uid), dataDir]);
    execFileSync('chown', ['--recursive', '0', at('foreign')]);
    for (const name of ['foreign', 'closed']) chmodSync(at(name), 0o555);
    const [removed, said] = JSON.parse(evaluateAs({ uid, gid: 0 }, pruning, dataDir));
    expect(removed).to.have.members(['closed', 'good']);
    expect(said).to.have.length(1);
    expect(said[0]).to.match(/^could not remove the home of foreign: .*EPERM/);
    expect(readdirSync(homes).filter((name) => !name.startsWith('.'))).to.deep.equal(['foreign']);
    expect(readdirSync(join(homes, '.removed'))).to.deep.equal([]);
  });
});
