import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { Mirror } from '../../../src/git/mirror/mirror.ts';
import { installPackages } from '../../../src/job/installs/install-project.ts';
import { KeptInstalls } from '../../../src/job/storage/kept-installs.ts';
import { TestFolders } from '../../support/folder.ts';
import { TestRepository } from '../../support/repository.ts';

type Job = Parameters<typeof installPackages>[2];

describe('the install of a project', () => {
  const folders = new TestFolders();
  let repository: TestRepository;

  beforeEach(() => {
    repository = new TestRepository({ 'package.json': '{}', 'package-lock.json': '{}' });
  });
  afterEach(() => repository.remove());
  after(() => folders.remove());

  /** Installs the packages of the newest commit. @returns what the log says */
  async function install(): Promise<string[]> {
    const root = folders.make();
    const repo = { name: 'app', url: repository.path };
    const mirrors = join(root, 'mirrors');
    execFileSync('git', ['clone', '--quiet', '--mirror', repo.url, new Mirror(mirrors, repo.url).path]);
    const folder = join(root, 'workspace');
    mkdirSync(folder);
    for (const path of ['package.json', 'package-lock.json']) writeFileSync(join(folder, path), '{}');
    const said: string[] = [];
    const installs = new KeptInstalls(join(root, 'installs'), 'app+1', 1000);
    const job = {
      input: { repo, sha: repository.head() },
      log: { say: async (text: string) => void said.push(text) },
      context: { folder: root, mirrors, installs, env: {}, signal: new AbortController().signal },
      run: async () => undefined,
    };
    expect(await installPackages({ kind: 'node', folder: '' }, 'npm ci', job as unknown as Job)).to.equal(true);
    return said;
  }

  it('is not kept where a link leads to the lock file, whose content its id does not tell', async () => {
    repository.git('mv', 'package-lock.json', 'other.json');
    const id = execFileSync('git', ['hash-object', '-w', '--stdin'], { cwd: repository.path, input: 'other.json' });
    repository.git('update-index', '--add', '--cacheinfo', `120000,${String(id).trim()},package-lock.json`);
    repository.git('commit', '--quiet', '--message', 'link');
    expect(await install()).to.deep.equal(['node_modules is not kept for later builds: package-lock.json is a link']);
  });

  it('is not kept where the commit has more files than Volt reads', async () => {
    const tree = (entries: string) =>
      String(execFileSync('git', ['mktree'], { cwd: repository.path, input: entries })).trim();
    const empty = String(execFileSync('git', ['hash-object', '-w', '--stdin'], { cwd: repository.path, input: '' }));
    // 12,000 paths of 3,000 characters, since the list of a commit's files is read up to 32 MiB
    const names = Array.from({ length: 12_000 }, (_, index) => `100644 blob ${empty.trim()}\t${index}\n`);
    let folder = tree(names.join(''));
    for (let depth = 0; depth < 15; depth++) folder = tree(`040000 tree ${folder}\t${'a'.repeat(200)}\n`);
    const root = tree(`${repository.git('ls-tree', 'HEAD')}\n040000 tree ${folder}\tdeep\n`);
    repository.git('reset', '--quiet', '--soft', repository.git('commit-tree', root, '-m', 'large'));
    expect(await install()).to.deep.equal([
      'node_modules is not kept for later builds: the commit has more files than Volt reads',
    ]);
  });
});
