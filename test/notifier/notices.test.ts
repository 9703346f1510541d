import { expect } from 'chai';
import { Webhook } from 'standardwebhooks';
import { type Config, loadConfig } from '../../src/kernel/config.ts';
import type { FinalStatus } from '../../src/kernel/model.ts';
import { makeNotices } from '../../src/notifier/make-notices.ts';
import { servicesSpacing } from '../../src/notifier/targets/send.ts';
import { recordAction } from '../../src/record/audit.ts';
import type { Database } from '../../src/record/database.ts';
import { grantRole } from '../../src/record/grants.ts';
import { noteIdentity } from '../../src/record/identities.ts';
import { addGeneralNotice } from '../../src/record/new-notices.ts';
import { changeNoticeTarget, listNoticeTargets, type NewNoticeTarget } from '../../src/record/notice-targets.ts';
import { listNotices } from '../../src/record/notices.ts';
import { setBlocked } from '../../src/record/people.ts';
import type { NewBuild } from '../../src/record/plans.ts';
import { addTarget } from '../../src/web/requests/notice-targets.ts';
import { MailServer } from '../support/mail-server.ts';
import { NoticeReceiver } from '../support/notice-receiver.ts';
import { Noticing, webhookSecret } from '../support/noticing.ts';
import { observed, withRecord } from '../support/record.ts';

describe('notices', () => {
  let database: Database;
  let config: Config;
  let receiver: NoticeReceiver;
  let mail: MailServer;
  let noticing: Noticing;
  withRecord((opened, dataDir) => {
    database = opened;
    config = loadConfig({ dataDir, logLevel: 'error', smtpUrl: mail.url, mailFrom: 'volt@example.org' });
    noticing = new Noticing({ database, config });
  });
  before(async () => {
    mail = await MailServer.start();
  });
  after(() => mail.stop());
  beforeEach(async () => {
    mail.received.length = 0;
    receiver = await NoticeReceiver.start();
    await database.db.updateTable('repositories').set({ default_branch: 'main' }).execute();
  });
  afterEach(() => receiver.stop());

  const add = (change: Partial<NewNoticeTarget> = {}) => noticing.add(`${receiver.url}/hook`, change);
  const addMail = (to: string, change: Partial<NewNoticeTarget> = {}) => noticing.addMail(to, change);
  const deliver = (holder?: string) => noticing.deliver(holder);
  const run = (status: FinalStatus, change?: Partial<NewBuild>) => noticing.end(status, change);
  const later = () => noticing.later();
  const log = () => noticing.log();
  const { signal } = new AbortController();

  it('tell of changes of the default branch, each once, however many notifiers send them', async () => {
    await add();
    for (const status of ['success', 'failure', 'failure', 'success', 'success'] as const) {
      await run(status);
      await Promise.all([deliver('one'), deliver('two')]);
    }
    await run('failure', { ref: 'refs/heads/topic' });
    await deliver();
    expect(receiver.bodies.map((body) => (body as { type: string }).type)).to.deep.equal([
      ...['build.broken', 'build.fixed'],
    ]);
  });

  it('of the audit log tell of changes and of what was refused, in order, each once, while the target is away, too', async () => {
    const act = (action: string, target: string, more: { status?: number; actor?: string } = {}) =>
      recordAction(database, { actor: 'owner', address: '192.0.2.7', status: 200, ...more, action, target });
    await act('secrets.set', 'BEFORE');
    await add({ on: 'audit' });
    await run('success');
    await run('failure');
    await act('repos.secrets.set', 'app TOKEN');
    await act('builds.cancel', '1');
    await act('sign-in', '', { status: 303 });
    receiver.answer = { status: 503 };
    await deliver();
    for (let i = 0; i < 25; i++) await act('variables.set', `NAME_${i}`);
    await act('sign-in', '', { status: 401, actor: 'unknown' });
    await deliver();
    receiver.answer = { status: 200 };
    receiver.received.length = 0;
    for (let i = 0; i < 3; i++) {
      await later();
      await Promise.all([deliver('one'), deliver('two')]);
    }
    type Sent = {
      type: string;
      data: { headline: string; lines: string[]; entries: { target: string; actor: string }[] };
    };
    const sent = receiver.bodies as Sent[];
    expect(sent.map(({ type, data }) => [type, data.entries.length])).to.deep.equal([
      ['audit', 1],
      ['audit', 20],
      ['audit', 6],
    ]);
    expect(sent[0]?.data.headline).to.equal('owner from 192.0.2.7: Set secret TOKEN of app (done)');
    const targets = sent.flatMap(({ data }) => data.entries.map(({ target }) => target));
    expect(targets).to.deep.equal(['app TOKEN', ...Array.from({ length: 25 }, (_, i) => `NAME_${i}`), '']);
    expect(sent[2]?.data.lines.at(-1)).to.equal('unknown from 192.0.2.7: Sign in (refused)');
  });

  it('of the audit log tell a target for some repositories of these alone', async () => {
    await addMail('ada@example.org, bob@example.org', { on: 'audit', repos: ['a*'] });
    const act = (target: string) =>
      recordAction(database, {
        actor: 'eve\r\nBcc: x@x',
        address: '',
        status: 200,
        action: 'repos.secrets.set',
        target,
      });
    await act('lib TOKEN');
    await act('app TOKEN');
    await deliver();
    expect(await log()).to.deep.equal(['mail ada@example.org audit sent', 'mail bob@example.org audit sent']);
    expect(mail.received.map(({ recipients }) => recipients)).to.have.length(2);
  });

  it('are signed as Standard Webhooks has it, and name the build', async () => {
    await add();
    await run('success');
    const build = await run('failure', { subject: 'Mend <everything>', author: 'Ada' });
    await deliver();
    const [{ headers, body, path }] = receiver.received as [NoticeReceiver['received'][0]];
    const verified = new Webhook(webhookSecret).verify(body, headers as { [name: string]: string });
    expect(verified).to.deep.equal(JSON.parse(body));
    expect(() => new Webhook(webhookSecret).verify(`${body} `, headers as { [name: string]: string })).to.throw();
    expect(path).to.equal('/hook');
    expect(JSON.parse(body).data).to.include({
      ...{ repo: 'app', branch: 'main', subject: 'Mend <everything>', author: 'Ada' },
      ...{ headline: 'main of app is broken', url: `https://ci.example.org/builds/${build}` },
    });
  });

  it('name the workflow that a schedule has started, and go to owners then', async () => {
    await add();
    await addMail('committers', { options: { domains: ['example.org'], owners: ['owner@example.org'] } });
    const nightly = { trigger: 'schedule', scheduled: '.github/workflows/nightly.yml' } as const;
    await run('success', nightly);
    await run('success');
    const failed = await run('failure', nightly);
    await run('success');
    await deliver();
    expect(receiver.bodies).to.have.length(1);
    expect(receiver.bodies[0])
      .to.have.property('data')
      .that.includes({
        ...{ workflow: 'nightly.yml', branch: 'main', headline: 'nightly.yml on main of app is broken' },
        url: `https://ci.example.org/builds/${failed}`,
      });
    await run('success', nightly);
    await deliver();
    expect((await log()).filter((entry) => entry.startsWith('mail '))).to.deep.equal([
      ...['mail owner@example.org broken sent', 'mail owner@example.org fixed sent'],
    ]);
  });

  it('go to targets by repository, branch and choice', async () => {
    await observed(database, 'other');
    await database.db.updateTable('repositories').set({ default_branch: 'main' }).execute();
    await add({ name: 'apps', repos: ['app*'] });
    await add({ name: 'releases', branches: ['release/*'] });
    await add({ name: 'failures', on: 'failure' });
    await add({ name: 'all', on: 'all' });
    for (const change of [{}, { repo: 'other' }, { ref: 'refs/heads/release/1' }]) {
      await run('success', change);
      for (const _ of [1, 2]) await run('failure', change);
    }
    await deliver();
    const counts = new Map<string, number>();
    for (const entry of await log()) {
      const [target = ''] = entry.split(' ');
      counts.set(target, (counts.get(target) ?? 0) + 1);
    }
    expect(Object.fromEntries(counts)).to.deep.equal({ apps: 1, releases: 1, failures: 4, all: 6 });
  });

  it('are sent again until the target takes them, with the same id', async () => {
    await add();
    await run('success');
    await run('failure');
    receiver.answer = { status: 503 };
    await deliver();
    const [target] = await listNoticeTargets(database);
    expect(target?.waiting).to.equal(1);
    expect(target?.problem?.code).to.equal('notice_unreachable');
    receiver.answer = { status: 200 };
    await later();
    await deliver();
    expect((await listNoticeTargets(database))[0]).to.include({ waiting: 0, problem: null });
    const ids = receiver.received.map(({ headers }) => headers['webhook-id']);
    expect(ids).to.have.length(2);
    expect(new Set(ids).size).to.equal(1);
  });

  it('wait as long as the target asks for', async () => {
    await add();
    await run('success');
    await run('failure');
    receiver.answer = { status: 429, headers: { 'retry-after': '120' } };
    const before = Date.now();
    await deliver();
    const { due_at } = await database.db.selectFrom('notices').select('due_at').executeTakeFirstOrThrow();
    expect(due_at).to.be.at.least(before + 120_000);
    expect(receiver.received).to.have.length(1);
  });

  it('go to Slack no faster than its one a second, each once', async () => {
    await add({ kind: 'slack', on: 'all' });
    noticing.spacing = servicesSpacing;
    let before = Number.NEGATIVE_INFINITY;
    receiver.check = () => {
      const now = performance.now();
      const isTooFast = now - before < 1000;
      before = now;
      return isTooFast ? { status: 429, headers: { 'retry-after': '1' } } : { status: 200 };
    };
    for (let i = 0; i < 3; i++) await run('success');
    await deliver();
    expect(await log()).to.deep.equal(Array(3).fill('team passed sent'));
    expect(receiver.received).to.have.length(3);
  });

  it('are given up after a day, and where the target refuses one for what it is, and the log says why', async () => {
    await add();
    await run('success');
    await run('failure');
    receiver.answer = { status: 400, body: 'no such field' };
    for (const _ of [1, 2, 3]) {
      await deliver();
      await later();
    }
    expect(await log()).to.deep.equal(['team broken dropped the target refuses it']);
    await run('success');
    receiver.answer = { status: 500 };
    await makeNotices(database, signal);
    await database.db.updateTable('notices').set({ created_at: 1 }).execute();
    await deliver();
    expect((await log())[1]).to.equal('team fixed dropped the target did not take it for a day');
  });

  it('are not sent where the branch works again before they were', async () => {
    await add();
    await run('success');
    await run('failure');
    receiver.answer = { status: 503 };
    await deliver();
    await run('success');
    receiver.answer = { status: 200 };
    await later();
    await deliver();
    expect(receiver.received).to.have.length(1);
    expect(await log()).to.deep.equal([
      'team broken dropped the branch worked again before it was sent',
      'team fixed dropped the recipient had not been told yet that the branch was broken',
    ]);
  });

  it('do not reach addresses of this machine, unless an administrator has set them', async () => {
    await add({ mayBePrivate: false });
    await run('success');
    await run('failure');
    await deliver();
    expect(receiver.received).to.deep.equal([]);
    expect((await listNoticeTargets(database))[0]?.problem?.code).to.equal('notice_refused');
  });

  it('show nothing of the address of the target, nor its token, if its server repeats them', async () => {
    const path = '/hooks/T0001/5ecr3t-5ecr3t?key=an%20other%20secret';
    await add({ address: { to: receiver.url + path, secret: webhookSecret } });
    await add({ name: 'topic', kind: 'ntfy', address: { to: receiver.url, secret: 'tk_5ecr3t' } });
    await run('success');
    await run('failure');
    for (const body of [`Cannot POST ${path}: no "an other secret"`, 'no user has the token tk_5ecr3t']) {
      receiver.answer = { status: 404, body };
      await later();
      await deliver();
      const name = body.startsWith('Cannot') ? 'team' : 'topic';
      const shown = JSON.stringify([
        ...(await listNoticeTargets(database)).filter((target) => target.name === name),
        ...(await listNotices(database, { target: name, limit: 10 })),
      ]);
      expect(shown).to.contain('answers 404');
      expect(shown).to.not.match(/5ecr3t|an other|an%20other/);
    }
  });

  it('about no build are kept for a month', async () => {
    await add();
    const test = () =>
      database.write((db) => addGeneralNotice(db, { target: 'team', recipient: '', event: 'test', why: 'a test' }));
    for (const age of [31, 29]) {
      const id = await test();
      const at = Date.now() - age * 86_400_000;
      await database.db.updateTable('notices').set({ created_at: at, due_at: null }).where('id', '=', id).execute();
    }
    await test();
    expect((await listNotices(database, { limit: 10 })).map(({ id }) => id)).to.deep.equal(['3', '2']);
  });

  it('go to no room whose address cannot be read', async () => {
    for (const path of ['', '%E0', 'a/b']) {
      const to = `https://matrix.example.org/${path}`;
      const code = await addTarget(
        { database, config },
        { by: 'owner', mayBePrivate: true, maintainer: null },
        { name: 'room', kind: 'matrix', to, secret: 'token' },
      ).catch((error) => error.code);
      expect(code, path).to.equal('bad_request');
    }
  });

  it('follow no redirect', async () => {
    await add();
    await run('success');
    await run('failure');
    receiver.answer = { status: 302, headers: { location: `${receiver.url}/elsewhere` } };
    await deliver();
    expect(receiver.received.map(({ path }) => path)).to.deep.equal(['/hook']);
  });

  const hour = (offset: number) => new Date(Date.now() + offset * 3_600_000).toISOString().slice(11, 16);
  const quiet = () => ({ from: hour(-1), to: hour(1) });
  const dueAt = async () => {
    const row = await database.db
      .selectFrom('notices')
      .select('due_at')
      .where('due_at', 'is not', null)
      .executeTakeFirst();
    return row?.due_at ?? 0;
  };

  it('wait until quiet hours are over, and are not sent if the branch works again by then', async () => {
    await add({ options: { quiet: quiet() } });
    await run('success');
    await run('failure');
    const before = Date.now();
    await deliver();
    expect(receiver.received).to.deep.equal([]);
    expect(await dueAt()).to.be.within(before + 58 * 60_000, Date.now() + 60 * 60_000);
    await run('success');
    await later();
    await deliver();
    expect(receiver.received).to.deep.equal([]);
  });

  it('wait until quiet hours are over that begin after the first try, as digests do, and a test does not', async () => {
    await add({ options: { digest: '09:00' } });
    await run('success');
    await run('failure');
    receiver.answer = { status: 503 };
    await deliver();
    receiver.answer = { status: 200 };
    await changeNoticeTarget(database, config, 'team', { by: null, options: { quiet: quiet() } });
    for (const event of ['digest', 'test'] as const)
      await database.write((db) => addGeneralNotice(db, { target: 'team', recipient: '', event, why: 'a reason' }));
    const before = Date.now();
    await deliver();
    expect((receiver.bodies.at(-1) as { type: string }).type).to.equal('test');
    expect(receiver.received).to.have.length(2);
    expect(await log()).to.deep.equal(['team broken waiting', 'team digest waiting', 'team test sent']);
    expect(await dueAt()).to.be.at.least(before + 58 * 60_000);
  });

  it('are sent when quiet hours and the digest are taken away', async () => {
    await add({ options: { quiet: quiet(), digest: '09:00', zone: 'UTC' } });
    await run('success');
    await run('failure');
    await deliver();
    const changed = await changeNoticeTarget(database, config, 'team', {
      by: null,
      options: { quiet: null, digest: null },
    });
    expect(changed.options).to.deep.equal({ zone: 'UTC' });
    await deliver();
    expect(await log()).to.deep.equal(['team broken sent']);
    const { digest_at } = await database.db.selectFrom('notice_targets').select('digest_at').executeTakeFirstOrThrow();
    expect(digest_at).to.equal(null);
  });

  it('do not say that a branch works again that has broken again, and tell later that it works', async () => {
    await add();
    await run('success');
    await run('failure');
    await deliver();
    receiver.answer = { status: 503 };
    await run('success');
    await deliver();
    await run('failure');
    await deliver();
    await run('success');
    receiver.answer = { status: 200 };
    await later();
    await deliver();
    expect((await log()).filter((entry) => entry.startsWith('team'))).to.deep.equal([
      'team broken sent',
      'team fixed dropped the branch broke again before it was sent',
      'team broken dropped the branch worked again before it was sent',
      'team fixed sent',
    ]);
  });

  it('say that a branch works again where it is not known whether anybody has heard that it is broken', async () => {
    await add();
    await run('success');
    await run('failure');
    receiver.hangUp = true;
    await deliver();
    receiver.hangUp = false;
    await run('success');
    await later();
    await deliver();
    expect(receiver.bodies.map((body) => (body as { type: string }).type)).to.deep.equal([
      'build.broken',
      'build.fixed',
    ]);
  });

  it('tell once a day what is still broken, if anything is', async () => {
    await add({ options: { digest: '09:00', zone: 'Europe/Berlin' } });
    const digest = async () => {
      await database.db.updateTable('notice_targets').set({ digest_at: 1 }).execute();
      await Promise.all([makeNotices(database, signal), makeNotices(database, signal)]);
      await deliver();
    };
    await run('success');
    await digest();
    await run('failure', { subject: 'Break it', author: 'Ada' });
    await database.db
      .insertInto('cursors')
      .values({ repo: 'app', ref: 'refs/heads/main', sha: 'a'.repeat(40), generation: 0, moved_at: 1, absent: 0 })
      .execute();
    await digest();
    const digests = receiver.bodies.filter((body) => (body as { type: string }).type === 'digest');
    expect(digests).to.have.length(1);
    expect(digests[0]).to.have.deep.nested.property('data.lines', ['main of app, since #2 Break it, by Ada']);
    const { digest_at } = await database.db.selectFrom('notice_targets').select('digest_at').executeTakeFirstOrThrow();
    expect(digest_at).to.be.within(Date.now(), Date.now() + 24 * 3_600_000 + 60_000);
  });

  it('tell nothing of what was broken and works again before they are sent', async () => {
    await add();
    await database.write((db) =>
      addGeneralNotice(db, { target: 'team', recipient: '', event: 'digest', why: 'daily' }),
    );
    await deliver();
    expect(receiver.received).to.deep.equal([]);
    expect(await log()).to.deep.equal(['team digest dropped there is nothing to tell any more']);
  });

  describe('by mail', () => {
    const known = { options: { domains: ['example.org'], owners: ['owner@example.org'] } };
    const mails = () => mail.received.map(({ to, subject }) => `${to} ${subject}`);

    it('go to whoever broke the branch, to others who fail on it, and tell them when it works again', async () => {
      await addMail('committers', known);
      await run('success');
      for (const author of ['ada', 'ada', 'grace']) await run('failure', { authorAddress: `${author}@example.org` });
      await deliver();
      await run('success', { authorAddress: 'carol@example.org' });
      await deliver();
      expect(mails()).to.deep.equal([
        'ada@example.org main of app is broken',
        'grace@example.org main of app is still broken',
        'ada@example.org main of app works again',
        'grace@example.org main of app works again',
      ]);
    });

    it('go to people who may read the repository, and to no others, and the log says why', async () => {
      const person = (subject: string) =>
        noteIdentity(
          database,
          { groupDays: 30 },
          {
            ...{ provider: 'corp', issuer: 'https://id.example', subject, login: subject, displayName: subject },
            ...{ groups: [], addresses: [`${subject}@home.example`] },
          },
        );
      for (const name of ['reader', 'stranger', 'blocked']) await person(name);
      for (const who of ['reader', 'blocked'])
        await grantRole(database, { who, role: 'read', repos: ['app'] }, 'owner');
      await setBlocked(database, 'blocked', true);
      await addMail('committers');
      await run('success');
      for (const name of ['Reader', 'stranger', 'blocked', 'nobody'])
        await run('failure', { authorAddress: `${name}@home.example` });
      await deliver();
      expect(await log()).to.deep.equal([
        'mail reader@home.example broken sent',
        'mail stranger@home.example still_broken dropped its person has no role that lets read app',
        'mail blocked@home.example still_broken dropped its person is blocked',
        'mail nobody@home.example still_broken dropped the address belongs to nobody who is known here',
      ]);
    });

    it('tell nobody without a role of a private repository, whatever domains are named', async () => {
      const identity = {
        provider: 'corp',
        issuer: 'https://id.example',
        subject: '1',
        login: 'ada',
        displayName: 'Ada',
      };
      await noteIdentity(database, { groupDays: 30 }, { ...identity, groups: [], addresses: ['ada@example.org'] });
      await addMail('committers', { options: { domains: ['example.org'] } });
      await run('success');
      await run('failure');
      await deliver();
      await database.db.updateTable('repositories').set({ visibility: 'private' }).execute();
      await run('success');
      await run('failure');
      await deliver();
      expect((await log()).at(-1)).to.include('broken dropped its person has no role that lets read app');
      expect((await log())[0]).to.include('ada@example.org broken sent');
    });

    it('go to no address that a commit names and nobody knows, and the log says so', async () => {
      await addMail('committers', known);
      await run('success');
      await run('failure', { authorAddress: 'mallory@elsewhere.org' });
      await run('failure', { authorAddress: '"a@elsewhere.org"@example.org' });
      await run('failure', { authorAddress: 'a@example.org@elsewhere.org' });
      await deliver();
      expect(mails()).to.deep.equal([]);
      expect((await log())[0]).to.equal(
        'mail mallory@elsewhere.org broken dropped the address belongs to nobody who is known here',
      );
    });

    it('go to owners, and not to committers, where no commit is known to be at fault', async () => {
      await addMail('committers', known);
      await run('success');
      await run('error');
      await deliver();
      expect(mails()).to.deep.equal(['owner@example.org main of app could not be tested']);
    });

    it('are one thread for each branch, are marked as automatic, and say why they were sent', async () => {
      await addMail('ada@example.org');
      await run('success');
      await run('failure');
      await deliver();
      await run('success');
      await deliver();
      const [broken, fixed] = mail.received;
      expect(broken?.headers.get('auto-submitted')).to.equal('auto-generated');
      expect(String(broken?.headers.get('list'))).to.not.equal('');
      expect(broken?.raw).to.match(/^List-ID: .*<app\.ci\.example\.org>$/im);
      expect(broken?.inReplyTo).to.equal(fixed?.inReplyTo);
      expect(broken?.messageId).to.not.equal(fixed?.messageId);
      expect(broken?.text).to.contain('You get this because this target follows app');
    });

    it('have what others wrote as text only: no line break in a header, no link, no markup', async () => {
      await addMail('ada@example.org');
      await run('success');
      const subject = 'x\r\nBcc: eve@elsewhere.org\r\n\r\n<b>http://evil.example</b> www.evil.example';
      await run('failure', { subject, author: '"Eve" <img src=x>' });
      await deliver();
      const [sent] = mail.received;
      expect(sent?.recipients).to.deep.equal(['ada@example.org']);
      expect(sent?.headers.has('bcc')).to.equal(false);
      expect(sent?.html).to.not.contain('<b>http').and.not.contain('<img');
      const addresses = [...(sent?.html ?? '').matchAll(/href="([^"]*)"/g)].map(([, address]) => address);
      for (const address of addresses) expect(address).to.match(/^https:\/\/ci\.example\.org\//);
      for (const text of [sent?.text, sent?.html])
        expect(text).to.not.contain('http://evil').and.not.contain('www.evil');
    });

    it('are tried again where the server is away, and given up where it refuses the recipient', async () => {
      await addMail('ada@example.org,nobody@example.org');
      await run('success');
      await run('failure');
      mail.refuses = (address) => (address.startsWith('nobody') ? 550 : 451);
      await deliver();
      mail.refuses = (address) => (address.startsWith('nobody') ? 550 : undefined);
      for (const _ of [1, 2, 3]) {
        await later();
        await deliver();
      }
      expect(mails()).to.deep.equal(['ada@example.org main of app is broken']);
      expect((await log()).sort()).to.deep.equal([
        ...['mail ada@example.org broken sent', 'mail nobody@example.org broken dropped the target refuses it'],
      ]);
    });
  });
});
