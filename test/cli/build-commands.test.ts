import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify, stripVTControlCharacters } from 'node:util';
import { expect } from 'chai';
import { watchLines } from '../../src/cli/watch.ts';
import type { Build, BuildId } from '../../src/kernel/model.ts';
import { recordTests } from '../../src/record/test-results.ts';
import { program } from '../support/bundle.ts';
import { VoltProcess, volt } from '../support/cli.ts';
import { TestFolders } from '../support/folder.ts';
import { noFailure } from '../support/test-result.ts';
import { until } from '../support/until.ts';
import { job, Site } from '../web/site.ts';

describe('commands about builds', () => {
  const folders = new TestFolders();
  let site: Site;
  let env: Record<string, string>;
  let build: BuildId;

  before(async () => {
    site = await Site.start();
    env = { VOLT_URL: site.url, VOLT_TOKEN: site.token };
    await site.repository('app');
    await site.repository('apparel');
    const cursor = { before: null, generation: 0 };
    build = await site.build('app', { cursor }, [{ name: 'lint' }, { name: 'unit' }]);
  });
  after(async () => {
    await site.stop();
    folders.remove();
  });

  describe('volt open', () => {
    it('prints the address of a build or a job, and opens it where there is a display', async () => {
      const bin = folders.make();
      const opened = join(bin, 'opened');
      writeFileSync(join(bin, 'xdg-open'), `#!/bin/sh\necho "$@" > ${opened}.part && mv ${opened}.part ${opened}\n`, {
        mode: 0o755,
      });
      const address = `${site.url}/builds/${build}`;
      const shown = await volt(['open', 'app#1'], {
        env: { ...env, DISPLAY: ':9', PATH: `${bin}:${process.env.PATH}` },
      });
      expect(shown).to.include({ code: 0, stdout: `${address}\n` });
      await until('the browser is asked', () => existing(opened) === `${address}\n`);
      const ofJob = await volt(['open', 'app', 'unit'], { env });
      expect(ofJob.stdout).to.equal(`${address}?job=${job(build, 2)}\n`);
    });

    it('prints the address where no program opens it', async () => {
      const end = await volt(['open', 'app'], { env: { ...env, DISPLAY: ':9', PATH: '/nowhere' } });
      expect(end).to.include({ code: 0, stderr: '' });
    });
  });

  describe('volt builds', () => {
    it('names a similar branch where a branch has no builds', async () => {
      const none = async (branch: string) => (await volt(['builds', '--branch', branch], { env })).stdout;
      expect(await none('mian')).to.equal('no builds of the branch "mian"; did you mean "main"?\n');
      expect(await none('other')).to.equal('no builds of the branch "other"\n');
      expect((await volt(['builds', '--branch', 'main'], { env })).stdout).to.match(/^ +BUILD .* AGE +SUBJECT\n/);
    });

    it('finds builds by author, text, event, and those that are failing now', async () => {
      const found = async (...filter: string[]) => {
        const { stdout } = await volt(['builds', '--json', ...filter], { env });
        return (JSON.parse(stdout) as { builds: { id: string }[] }).builds.map(({ id }) => id);
      };
      expect(await found('--author', 'ADA', '--text', 'change', '--event', 'push')).to.deep.equal([build]);
      expect(await found('--author', 'grace')).to.deep.equal([]);
      expect(await found('--failing')).to.deep.equal([]);
    });
  });

  describe('volt tests', () => {
    before(async () => {
      const result = { suite: 'sum', file: null, duration: 2500, ...noFailure };
      await recordTests(site.context.database, { job: job(build, 2), attempt: 1 }, 1, [
        { ...result, name: 'adds', status: 'failed' },
        { ...result, name: 'subtracts', status: 'passed' },
      ]);
    });

    it('lists the tests of a repository, or only those that fail', async () => {
      const all = await volt(['tests', 'app'], { env });
      expect(all.stdout).to.match(/^ +FAILED +FLAKY +DURATION +TEST\n/);
      expect(all.stdout)
        .to.match(/✘ +1 of 1 +2\.5 s +sum › adds\n/)
        .and.match(/✔ +0 of 1 +2\.5 s +sum › subtracts\n/);
      const failing = await volt(['tests', 'app', '--failing'], { env });
      expect(failing.stdout).to.include('adds').and.not.include('subtracts');
      expect((await volt(['tests', 'app', '--flaky'], { env })).stdout).to.equal('no flaky tests\n');
      const json = await volt(['tests', 'app', '--failing', '--json'], { env });
      expect(JSON.parse(json.stdout).tests).to.have.lengthOf(1);
      expect((await volt(['tests', 'ap'], { env })).code).to.equal(2);
    });
  });

  describe('volt complete', () => {
    /** @returns what it offers for the last of the words */
    async function offered(...words: string[]): Promise<string[]> {
      const { stdout } = await volt(['complete', '--', ...words], { env });
      const lines = stdout.trim().split('\n');
      expect(lines.pop()).to.match(/^:\d+$/);
      return lines.map((line) => line.split('\t')[0] ?? '');
    }

    it('offers commands, subcommands, options and values', async () => {
      expect(await offered('re')).to.include.members(['repo', 'reporter', 'retry', 'restore']);
      expect(await offered('repo', '')).to.include.members(['add', 'ls', 'set', 'rm', 'hook']);
      expect(await offered('logs', 'app', '--')).to.include.members(['--follow', '--failed', '--tail', '--data']);
      expect(await offered('up', '--commits', '')).to.deep.equal(['every', 'latest']);
    });

    it('offers the names of repositories and builds', async () => {
      expect(await offered('show', 'app')).to.deep.equal(['app', 'apparel', 'app#1']);
      expect(await offered('builds', '--repo', 'appa')).to.deep.equal(['apparel']);
      expect(await offered('repo', 'set', '')).to.deep.equal(['app', 'apparel']);
    });

    it('offers commands although no Volt answers', async () => {
      env = { ...env, VOLT_URL: 'http://127.0.0.1:1' };
      expect(await offered('sho')).to.deep.equal(['show']);
      expect(await offered('show', '')).to.deep.equal([]);
      env = { ...env, VOLT_URL: site.url };
    });

    it('is what the script for bash asks', async () => {
      const { stdout: script } = await volt(['completion', 'bash']);
      const words = '_get_comp_words_by_ref() { cur=appa; prev=show; words=(volt show appa); cword=2; }';
      const asked = `volt() { ${process.execPath} ${program} "$@"; }\n${words}\n${script}\ncompopt() { :; }\n__volt_complete\necho "$COMPREPLY"`;
      const { stdout } = await promisify(execFile)('bash', ['-c', asked], { env: { ...env, PATH: process.env.PATH } });
      expect(stdout.trim()).to.equal('apparel');
      for (const shell of ['zsh', 'fish'])
        expect((await volt(['completion', shell])).stdout).to.include('volt complete --');
      expect((await volt(['completion', 'tcsh'])).code).to.equal(2);
    });
  });

  describe('volt watch', () => {
    it('prints a line for each job that starts or ends, and exits with the result', async () => {
      const watched = await site.build('app', {}, [{ name: 'first' }, { name: 'second' }]);
      await site.begin({ job: job(watched, 1), attempt: 1 });
      const watching = new VoltProcess(['watch', watched], { env });
      await watching.says(/▶ first running/);
      await site.finish({ job: job(watched, 1), attempt: 1 });
      await watching.says(/✔ first passed/);
      await site.finish(
        { job: job(watched, 2), attempt: 1 },
        { status: 'failure', reason: 'exit_code', message: 'no' },
      );
      const { code, stdout } = await watching.ended();
      expect(code).to.equal(1);
      expect(stdout).to.match(/✘ second failed .*\n✘ app#\d main \w+ failed .*\(second failed\)\n$/);
    });

    it('shows on a terminal what runs first, in as many lines as there is room for', async () => {
      const { id } = await site.json(
        `/api/v1/builds/${await site.build(
          'app',
          {},
          Array.from({ length: 30 }, (_, index) => ({ name: `job ${index}` })),
        )}`,
      );
      await site.begin({ job: job(id, 20), attempt: 1 });
      const shown = watchLines((await site.json(`/api/v1/builds/${id}`)) as Build, 10).map(stripVTControlCharacters);
      expect(shown).to.have.lengthOf(10);
      expect(shown[1]).to.match(/▶ job 19 running/);
      expect(shown[9]).to.equal('  and 22 more jobs');
    });
  });
});

function existing(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
