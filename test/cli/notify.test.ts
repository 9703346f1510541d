import { expect } from 'chai';
import { startNotifier } from '../../src/notifier/start.ts';
import type { Stage } from '../../src/queues/stage.ts';
import { volt } from '../support/cli.ts';
import { NoticeReceiver } from '../support/notice-receiver.ts';
import { Noticing } from '../support/noticing.ts';
import { until } from '../support/until.ts';
import { Site } from '../web/site.ts';

describe('volt notify', function () {
  this.timeout(60_000);
  let site: Site;
  let notifier: Stage;
  let receiver: NoticeReceiver;

  before(async () => {
    site = await Site.start();
    await site.repository('app');
    receiver = await NoticeReceiver.start();
    notifier = await startNotifier(site.context);
  });
  after(async () => {
    await notifier.stop();
    await site.stop();
    await receiver.stop();
  });

  const chat = ['--kind', 'slack', '--to', 'https://example.org/hook'];
  const run = (...args: string[]) => volt(['notify', ...args, '--data', site.context.config.dataDir]);

  it('adds a webhook, makes its secret and shows it once, tests it, and removes it', async () => {
    const added = await run('add', 'ops', '--kind', 'webhook', '--to', `${receiver.url}/secret-path`, '--repo', 'app*');
    expect(added.stdout).to.include('added ops: it hears of changes of the default branch of app*');
    const [secret = ''] = /whsec_\S+/.exec(added.stdout) ?? [];
    expect(secret).to.match(/^whsec_[A-Za-z0-9+/]{43}=$/);
    const tested = await run('test', 'ops');
    expect(tested.stdout).to.include('ops has taken the notice');
    expect(receiver.received.map(({ path }) => path)).to.deep.equal(['/secret-path']);
    expect(receiver.bodies[0]).to.include({ type: 'test' });
    const listed = (await run('ls')).stdout + (await run('ls', '--json')).stdout;
    expect(listed)
      .to.match(/ops +webhook +http:\/\/127\.0\.0\.1:\d+\/… +changes of/)
      .and.not.include('secret-path')
      .and.not.include(secret);
    expect((await run('log', 'ops')).stdout).to.match(/ops +test +sent +somebody tests the target/);
    const address = ['--kind', 'webhook', '--to', receiver.url];
    expect((await run('add', 'ops', ...address)).stderr).to.include('name_taken');
    expect((await run('rm', 'ops')).stdout).to.include('removed ops');
    expect((await run('ls')).stdout).to.include('no targets');
  });

  it('shows who heard of one build, and why nobody may have', async () => {
    await site.context.database.db.updateTable('repositories').set({ default_branch: 'main' }).execute();
    await run('add', 'each', '--kind', 'webhook', '--to', receiver.url, '--on', 'all');
    const noticing = new Noticing(site.context);
    const [passed, broken] = [await noticing.end('success'), await noticing.end('failure')];
    const logOf = async (build: string) => (await run('log', '--build', build)).stdout;
    await until('it is sent', async () => /each +app#2 +broken +sent/.test(await logOf('app#2')));
    expect(await logOf(broken)).to.not.include('passed');
    expect(await logOf(passed))
      .to.match(/each +app#1 +passed +sent/)
      .and.not.include('broken');
    const elsewhere = await noticing.end('failure', { ref: 'refs/heads/topic' });
    expect(await logOf(elsewhere)).to.include('no target hears of it');
    await run('rm', 'each');
  });

  it('tells what a target answers to a test, and works again with another address', async () => {
    receiver.answer = { status: 404, body: 'no_such_hook' };
    await run('add', 'team', '--kind', 'slack', '--to', `${receiver.url}/services/x`);
    const refused = await run('test', 'team');
    expect(refused.code).to.equal(3);
    expect(refused.stderr).to.include('answers 404 "no_such_hook"').and.include('volt notify set team --to');
    receiver.answer = { status: 200 };
    await run('set', 'team', '--to', `${receiver.url}/services/y`, '--on', 'failure');
    expect((await run('test', 'team')).stdout).to.include('team has taken the notice');
    expect((await run('ls')).stdout).to.match(/team +slack +\S+ +failures of/);
  });

  it('hears of the audit log only without branches and digest, which can be taken away', async () => {
    await run('add', 'log', ...chat, '--branch', 'main', '--digest', '09:00');
    const refused = await run('set', 'log', '--on', 'audit');
    expect(refused.stderr).to.include('has no branches and no digest').and.include('--no-branch --no-digest');
    expect((await run('set', 'log', '--on', 'audit', '--no-branch', '--no-digest')).stdout).to.include('changed log');
    expect((await run('ls')).stdout).to.match(/log +slack +\S+ +changes in the audit log/);
    expect((await run('set', 'log', '--digest', '09:00')).stderr).to.include('has no branches and no digest');
  });

  for (const [what, args, code] of [
    ['an address that is none', ['--kind', 'slack', '--to', 'team'], 'bad_url'],
    ['a password in an address', ['--kind', 'webhook', '--to', 'https://a:b@example.org'], 'bad_url'],
    [
      'a mail address with a line break',
      ['--kind', 'mail', '--to', 'a@example.org\nBcc: b@example.org'],
      'bad_request',
    ],
    ['owners of a chat', ['--kind', 'slack', '--to', 'https://example.org', '--owner', 'a@b.org'], 'bad_request'],
    ['a room without a token', ['--kind', 'matrix', '--to', 'https://example.org/!a:b.org'], 'bad_request'],
    ['a branch that is none', ['--kind', 'slack', '--to', 'https://example.org', '--branch', 'a..b'], 'bad_ref'],
    ['a repository that is none', ['--kind', 'slack', '--to', 'https://example.org', '--repo', 'A b'], 'bad_name'],
    ['branches for the audit log', [...chat, '--on', 'audit', '--branch', 'main'], 'has no branches and no digest'],
    ['a digest of the audit log', [...chat, '--on', 'audit', '--digest', '09:00'], 'has no branches and no digest'],
    ['no address', ['--kind', 'slack'], 'no address was given'],
  ] as const) {
    it(`refuses ${what}, and says what to do`, async () => {
      const { code: exit, stderr } = await run('add', 'x', ...args);
      expect(stderr).to.include(code);
      expect(exit).to.equal(2);
      expect(stderr.split('\n').length).to.be.greaterThan(1);
    });
  }
});
