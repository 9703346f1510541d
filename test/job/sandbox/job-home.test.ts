import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { settleIsolation } from '../../../src/exec/isolation-check.ts';
import { jobPaths } from '../../../src/job/sandbox/job-paths.ts';
import { overlaysWork } from '../../../src/job/sandbox/overlay-check.ts';
import { IsolatedJobs, isIsolable } from '../../support/isolation.ts';
import type { TestRepository } from '../../support/repository.ts';

for (const level of ['sandbox', 'user'] as const) {
  describe(`the home of a job under isolation ${level}`, function () {
    this.timeout(60_000);
    let jobs: IsolatedJobs;
    let repository: TestRepository;

    before(async function () {
      if (!(await isIsolable(level))) this.skip();
    });
    beforeEach(() => {
      jobs = new IsolatedJobs(level);
      repository = jobs.repository();
    });
    afterEach(() => jobs?.clean());

    async function on(branch: string, command: string): Promise<string> {
      jobs.ref = branch.startsWith('refs/') ? branch : `refs/heads/${branch}`;
      const { log, outcome } = await jobs.command(command, repository);
      expect(outcome.status, log).to.equal('success');
      return log.slice(log.indexOf('\n', log.indexOf('$ ')));
    }

    async function overlays(): Promise<boolean> {
      const { groupKind } = await settleIsolation(level);
      return overlaysWork(jobPaths(level, jobs.dataDir, 'box').homes, groupKind);
    }

    /** At `user` there are no overlays, whatever the machine can do. */
    function withOverlays(title: string, run: () => Promise<void>): void {
      if (level !== 'sandbox') return;
      it(`${title}, where overlays work`, async function () {
        if (!(await overlays())) return this.skip();
        await run();
      });
    }

    it('is the same for the default branch and tags', async () => {
      await on('main', 'echo of main > ~/note');
      expect(await on('refs/tags/v1', 'cat ~/note; echo of tag > ~/note')).to.include('of main');
      expect(await on('main', 'cat ~/note')).to.include('of tag');
    });

    it('differs for every other ref, and so does the user', async () => {
      const main = await on('main', 'echo of main > ~/note; id -u');
      const uids = [/^\d+$/m.exec(main)?.[0]];
      for (const ref of ['topic', 'other', 'refs/pull/1/head']) {
        const log = await on(ref, 'id -u; cat ~/note || true; ls -A ~; echo theirs > ~/note; echo x > ~/.npmrc');
        expect(log).to.not.include('of main').and.not.include('theirs').and.not.include('.npmrc');
        uids.push(/^\d+$/m.exec(log)?.[0]);
      }
      expect(await on('main', 'cat ~/note; ls -A ~'))
        .to.include('of main')
        .and.not.include('.npmrc');
      if (process.getuid?.() === 0) expect(new Set(uids).size).to.equal(4);
    });

    withOverlays('starts with only the caches of the default branch', async () => {
      await on(
        'main',
        `mkdir -p ~/.npm/_cacache/c ~/.tools/node ~/.cache/huggingface ~/.m2/repository
         echo cached > ~/.npm/_cacache/c/x; chmod 600 ~/.npm/_cacache/c/x; echo tool > ~/.tools/node/bin
         for each in .npmrc .netrc .cache/huggingface/token .m2/settings.xml .npm/log; do echo canary > ~/$each; done`,
      );
      const log = await on(
        'topic',
        `cat ~/.npm/_cacache/c/x ~/.tools/node/bin; stat -c 'owner %u' ~/.npm/_cacache/c/x; echo "me $(id -u)"
         grep -r canary ~ || echo nothing secret; find ~ -mindepth 1 | sort`,
      );
      expect(log).to.include('\ncached\n').and.include('\ntool\n').and.include('\nnothing secret\n');
      expect(/owner (\d+)/.exec(log)?.[1]).to.equal(/me (\d+)/.exec(log)?.[1]);
      expect(log).to.not.match(/\.npmrc|\.netrc|huggingface|settings\.xml|\.npm\/log/);
    });

    withOverlays('keeps what a ref adds to the caches, for the next job of that ref only', async () => {
      const cache = '~/.npm/_cacache';
      await on('main', `mkdir -p ${cache}; echo good > ${cache}/old; echo good > ${cache}/gone`);
      await on('topic', `echo evil > ${cache}/old; echo evil > ${cache}/new; rm ${cache}/gone; echo x > ~/.bashrc`);
      expect(await on('topic', `cat ${cache}/old ${cache}/new; ls ${cache} ~/.bashrc || true`))
        .to.match(/evil\nevil\n/)
        .and.include('No such file')
        .and.not.match(/^gone$/m);
      for (const ref of ['other', 'main', 'refs/tags/v1'])
        expect(await on(ref, `cat ${cache}/*; ls ${cache}`), ref)
          .to.match(/good\ngood\n/)
          .and.not.include('evil')
          .and.not.match(/^new$/m);
    });

    withOverlays('does not follow a link that the default branch put in place of a cache', async () => {
      mkdirSync(join(jobs.dataDir, 'pip'));
      for (const name of ['canary', 'pip/canary']) writeFileSync(join(jobs.dataDir, name), '');
      await on('main', 'mkdir -p ~/.npm ~/.cargo/registry; ln -s /etc ~/.npm/_cacache');
      await on('main', `ln -s ${jobs.dataDir} ~/.cache; rm -rf ~/.tools; ln -s ${jobs.dataDir} ~/.tools`);
      const log = await on('topic', 'ls -RA ~/.npm ~/.cache ~/.tools || true; find ~ | head -50');
      expect(log).to.not.include('passwd').and.not.include('canary');
    });

    withOverlays('is separate for jobs of a ref that run at the same time', async () => {
      await on('main', 'mkdir -p ~/.npm/_cacache');
      jobs.ref = 'refs/heads/topic';
      const together = ['a', 'b', 'c'].map((name) =>
        jobs.command(
          `echo ${name} > ~/.npm/_cacache/${name}; sleep 1; ls ~/.npm/_cacache; echo ${name} > ~/x`,
          repository,
        ),
      );
      for (const { outcome, log } of await Promise.all(together)) expect(outcome.status, log).to.equal('success');
      const kept = /ls: .*|\n[abc]\n/.exec(await on('topic', 'ls ~/.npm/_cacache'));
      expect(kept?.length ?? 0).to.be.lessThan(2);
    });
  });
}
