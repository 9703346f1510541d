import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { checkOut } from '../../src/git/checkout.ts';
import { Mirror } from '../../src/git/mirror/mirror.ts';
import { failure } from '../support/failure.ts';
import { TestFolders } from '../support/folder.ts';
import { TestRepository } from '../support/repository.ts';

const content = 'x\0'.repeat(50_000);

describe('a checkout with files in Git LFS', () => {
  const folders = new TestFolders();
  let repository: TestRepository;
  let mirror: Mirror;

  before(function () {
    try {
      execFileSync('git', ['lfs', 'version'], { stdio: 'ignore' });
    } catch {
      this.skip();
    }
  });

  beforeEach(() => {
    repository = new TestRepository();
    repository.git('lfs', 'install', '--local', '--skip-repo');
    repository.commit('first', {
      '.gitattributes': '*.bin filter=lfs diff=lfs merge=lfs -text\n',
      'large.bin': content,
      'small.txt': 'small\n',
    });
    mirror = new Mirror(folders.make(), repository.path);
  });

  afterEach(() => repository?.remove());

  after(folders.remove);

  async function take(from = repository, by = mirror): Promise<string> {
    const folder = join(folders.make(), 'workspace');
    await checkOut(by, { url: from.path, ref: 'refs/heads/main', sha: from.head(), folder });
    return folder;
  }

  it('has their content', async () => {
    expect(repository.git('show', 'HEAD:large.bin')).to.match(/^version https:\/\/git-lfs/);
    const folder = await take();
    expect(readFileSync(join(folder, 'large.bin'), 'latin1')).to.equal(content);
    expect(readFileSync(join(folder, 'small.txt'), 'utf8')).to.equal('small\n');
  });

  it('has their content if the attributes are in a subfolder', async () => {
    repository.commit('deep', {
      '.gitattributes': '',
      'deep/.gitattributes': '*.dat filter=lfs\n',
      'deep/er/large.dat': content,
      'large.bin': 'plain\n',
    });
    const folder = await take();
    expect(readFileSync(join(folder, 'deep/er/large.dat'), 'latin1')).to.equal(content);
    expect(readFileSync(join(folder, 'large.bin'), 'utf8')).to.equal('plain\n');
  });

  it('fetches each file once for all checkouts', async () => {
    await take();
    rmSync(join(repository.path, '.git/lfs'), { recursive: true });
    const folder = await take();
    expect(readFileSync(join(folder, 'large.bin'), 'latin1')).to.equal(content);
    expect(existsSync(join(folder, '.git/lfs/objects'))).to.equal(false);
  });

  it('fails if one of the files is missing on the server', async () => {
    rmSync(join(repository.path, '.git/lfs'), { recursive: true });
    const error = await failure('git_failed', () => take());
    expect(error.message).to.match(/large\.bin/);
  });

  it('fails with the name of the package to install if git-lfs is missing', async () => {
    const programs = folders.make();
    const path = process.env.PATH ?? '';
    for (const name of ['git', 'sh', 'false', 'flock'])
      symlinkSync(execFileSync('which', [name], { encoding: 'utf8' }).trim(), join(programs, name));
    process.env.PATH = programs;
    try {
      const error = await failure('tool_missing', () => take());
      expect(error.remedy).to.include('git-lfs');
    } finally {
      process.env.PATH = path;
    }
  });

  it('runs no other filter and none from the repository', async () => {
    const marker = join(folders.make(), 'was-run');
    const script = join(repository.path, 'git-lfs');
    writeFileSync(script, `#!/bin/sh\ntouch ${marker}\n`);
    chmodSync(script, 0o755);
    repository.commit('hostile', { '.lfsconfig': `[lfs]\n\turl = ext::sh -c touch% ${marker}\n`, 'a.txt': 'a\n' });
    await take().catch(() => undefined);
    expect(existsSync(marker)).to.equal(false);
  });
});
