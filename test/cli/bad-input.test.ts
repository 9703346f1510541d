import { expect } from 'chai';
import { volt } from '../support/cli.ts';
import { TestFolders } from '../support/folder.ts';
import { job, Site } from '../web/site.ts';

describe('volt refuses bad input with exit code 2', () => {
  const folders = new TestFolders();
  let site: Site;
  let env: Record<string, string>;

  before(async () => {
    site = await Site.start();
    env = { VOLT_URL: site.url, VOLT_TOKEN: site.token };
    await site.repository('app');
    await site.repository('sample');
    const over = await site.build('app', {}, [{ name: 'test' }, { name: 'lint' }]);
    await site.finish({ job: job(over, 1), attempt: 1 });
    await site.finish({ job: job(over, 2), attempt: 1 });
    await site.build('app');
  });

  after(async () => {
    await site.stop();
    folders.remove();
  });

  const cases: [what: string, args: string[], code: string, says: RegExp, exit?: number][] = [
    [
      'an unknown build',
      ['show', '99'],
      'not_found',
      /build 99 does not exist\n {2}`npx volt builds` lists the builds/,
    ],
    ['an unknown build number', ['show', 'app#77'], 'not_found', /build app#77 does not exist\n/],
    ['a repository with a typo', ['logs', 'ap'], 'not_found', /repository "ap" does not exist\n {2}`npx volt repo ls`/],
    [
      'builds of a repository with a typo',
      ['builds', '--repo', 'sampel'],
      'not_found',
      /repository "sampel" does not exist; did you mean "sample"\?\n/,
    ],
    ['a repository without builds', ['logs', 'sample'], 'not_found', /build sample does not exist\n/],
    ['an impossible repository name', ['show', '../../etc'], 'bad_request', /repo is not the name of a repository\n/],
    [
      'an unknown job',
      ['logs', 'app#1', 'deploy'],
      'not_found',
      /has no job "deploy"\n {2}Its jobs are: 1\. test, 2\. lint/,
    ],
    ['a job with a typo', ['retry', 'app#1', 'tset'], 'not_found', /has no job "tset"; did you mean "test"\?\n/],
    ['an unknown attempt', ['logs', 'app#1', 'test', '--attempt', '5'], 'not_found', /has no attempt 5\n/],
    [
      'an unknown status',
      ['builds', '--status', 'fine'],
      'usage',
      /Allowed choices are waiting, .*success \(passed\), failure \(failed\), .*\n {2}See: npx volt builds/,
    ],
    ['half a commit id', ['builds', '--commit', 'abc'], 'bad_request', /sha is not a full commit id/],
    [
      'a list position that is not a build id',
      ['builds', '--before', 'x'],
      'bad_request',
      /before is not the id of a build/,
    ],
    [
      'an option instead of a ref',
      ['trigger', 'app', '--', '--upload-pack=x'],
      'bad_ref',
      /cannot be the name of a branch, tag or commit/,
    ],
    ['a trigger for an unknown repository', ['trigger', 'nobody'], 'not_found', /repository "nobody" does not exist\n/],
    [
      'a cancel of a finished build',
      ['cancel', 'app#1'],
      'conflict',
      /^error conflict: build app#1 has already ended: \w+\n/,
    ],
    ['a retry of a running build', ['retry', 'app#2'], 'conflict', /is still open: test queued\n {2}Wait/],
    [
      'a retry of failed jobs if no job failed',
      ['retry', 'app#1', '--failed'],
      'conflict',
      /no job of build \d+ failed\n/,
    ],
    [
      'rights of containers for what is no repository',
      ['runner', '--allow-volumes', 'app', '--allow-volumes', 'App/Repo'],
      'bad_setting',
      /VOLT_ALLOW_VOLUMES must be comma-separated names of repositories, .* is "app,App\/Repo"/,
    ],
    [
      'the same for volt up',
      ['up', '--allow-privileged', '../x'],
      'bad_setting',
      /VOLT_ALLOW_PRIVILEGED must be comma-separated names/,
    ],
  ];
  for (const [what, args, code, says] of cases) {
    it(`${what}: ${code}`, async () => {
      const end = await volt(args, { env });
      expect(end.code, end.stderr).to.equal(2);
      expect(end.stdout).to.equal('');
      expect(end.stderr)
        .to.match(new RegExp(`^error ${code}: `))
        .and.match(says);
      expect(end.stderr.trimEnd().split('\n'), 'what happened, and what to do').to.have.length(2);
      expect(end.stderr, 'in words of the command line').to.not.match(/\/api\/|Authorization|Bearer/);
    });
  }

  it('no token: token_needed, with the path of the right token', async () => {
    // a clone in which Volt has been started has a token of its own
    const VOLT_DATA_DIR = folders.make();
    const end = await volt(['cancel', 'app#2'], { env: { VOLT_URL: site.url, VOLT_DATA_DIR } });
    expect(end.code).to.equal(3);
    expect(end.stderr).to.match(/^error token_needed: .*\n {2}Give --data .* VOLT_TOKEN\.\n$/);
  });

  it('a wrong token: token_wrong, which says that one was sent', async () => {
    const end = await volt(['cancel', 'app#2'], { env: { ...env, VOLT_TOKEN: 'not-the-token-at-all' } });
    expect(end.code).to.equal(3);
    expect(end.stderr).to.match(/^error token_wrong: .* sent is not known here\n {2}Correct VOLT_TOKEN: /);
  });

  it('accepts a reading command without a token', async () => {
    expect(await volt(['show', 'app#1'], { env: { VOLT_URL: site.url } })).to.include({ code: 0 });
  });

  it('a token that is too short: bad_setting', async () => {
    const end = await volt(['builds'], { env: { ...env, VOLT_TOKEN: 'short' } });
    expect(end.code).to.equal(2);
    expect(end.stderr)
      .to.match(/^error bad_setting: VOLT_TOKEN/)
      .and.not.contain('"short"');
  });

  it('prints the error as JSON with the same code and remedy for --json', async () => {
    const end = await volt(['show', '99', '--json'], { env });
    expect(JSON.parse(end.stderr).error).to.include({ code: 'not_found', message: 'build 99 does not exist' });
    expect(JSON.parse(end.stderr).error.remedy).to.contain('volt builds');
  });
});
