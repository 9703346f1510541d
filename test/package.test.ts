import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { version } from '../src/kernel/version.ts';
import { root } from './support/bundle.ts';
import { TestFolders } from './support/folder.ts';
import { pageLinks } from './support/links.ts';
import { TestRepository } from './support/repository.ts';

const run = promisify(execFile);

describe('the npm package', function () {
  // npm fetches what its cache lacks
  this.timeout(300_000);
  const folders = new TestFolders();
  const repository = new TestRepository({ 'test.sh': '#!/bin/sh\necho tested\n' });
  let files: string[];
  let home: string;
  let installed: string;
  let environment: Record<string, string>;

  before(async () => {
    const packed = folders.make();
    const { stdout } = await run('npm', ['pack', '--json', '--pack-destination', packed], { cwd: root });
    const [{ filename, files: list }] = JSON.parse(stdout);
    files = list.map(({ path }: { path: string }) => path);
    home = folders.make();
    installed = folders.make();
    const cache = (await run('npm', ['config', 'get', 'cache'])).stdout.trim();
    environment = {
      PATH: process.env.PATH ?? '',
      HOME: home,
      npm_config_cache: cache,
      npm_config_prefer_offline: 'true',
    };
    const quiet = ['--ignore-scripts', '--no-audit', '--no-fund'];
    await run('npm', ['install', ...quiet, join(packed, filename)], {
      cwd: installed,
      env: { ...process.env, ...environment },
    });
  });
  after(() => {
    folders.remove();
    repository.remove();
  });

  it('contains the files that its pages link to, and no development files', () => {
    const pages = files.filter((file) => file.endsWith('.md'));
    expect(pages).to.include.members(['README.md', 'ARCHITECTURE.md', 'docs/installing.md']);
    for (const page of pages) {
      for (const link of pageLinks(root, page)) {
        const target = link.startsWith('#') ? page : normalize(join(dirname(page), link.split('#')[0] ?? ''));
        expect(files, `${page} leads to ${link}`).to.include(target);
      }
    }
    expect(files.filter((file) => /^(src|test|workers|node_modules|\.volt)\//.test(file))).to.deep.equal([]);
  });

  it('builds a commit without anything else of the checkout', async () => {
    const { stdout } = await run(
      'npx',
      ['--no-install', 'volt', 'up', '--once', '--port', '0', '--repo', repository.path],
      {
        cwd: installed,
        env: environment,
      },
    );
    expect(stdout).to.match(/passed/);
    const { stdout: told } = await run(join(installed, 'node_modules/.bin/volt'), ['--version'], { env: environment });
    expect(told.trim()).to.equal(version);
    const verdict = join(installed, '.volt/test_results/sample', `${repository.head()}.json`);
    expect(JSON.parse(readFileSync(verdict, 'utf8'))).to.have.property('status', 'success');
  });
});
