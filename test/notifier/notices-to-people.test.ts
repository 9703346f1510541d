import { expect } from 'chai';
import { type Config, loadConfig } from '../../src/kernel/config.ts';
import { makeNotices } from '../../src/notifier/make-notices.ts';
import type { Database } from '../../src/record/database.ts';
import { grantRole, revokeRole } from '../../src/record/grants.ts';
import { noteIdentity } from '../../src/record/identities.ts';
import { chooseMail, mailChoiceOf } from '../../src/record/mail-choice.ts';
import { mute } from '../../src/record/notice-mutes.ts';
import { setBlocked } from '../../src/record/people.ts';
import { addAddress, removeAddress } from '../../src/record/person-addresses.ts';
import { MailServer } from '../support/mail-server.ts';
import { NoticeReceiver } from '../support/notice-receiver.ts';
import { Noticing } from '../support/noticing.ts';
import { withRecord } from '../support/record.ts';

describe('notices to and about people', () => {
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

  /** Somebody whom a provider knows, with addresses that it has verified. */
  const person = (login: string, addresses: string[], displayName = login) =>
    noteIdentity(
      database,
      { groupDays: 30 },
      {
        ...{
          provider: 'corp',
          issuer: 'https://id.example',
          subject: login,
          login,
          displayName,
          groups: [],
          addresses,
        },
      },
    );

  describe('by mail go to the address that a person has chosen', () => {
    let ada: number;
    beforeEach(async () => {
      ada = (await person('ada', ['ada@example.org', 'ada@home.example'])).id;
      await grantRole(database, { who: 'ada', role: 'read', repos: ['app'] }, 'owner');
    });
    const run = async (...statuses: ('success' | 'failure')[]) => {
      for (const status of statuses) await noticing.end(status);
      await noticing.deliver();
    };
    const choose = (choice: string | null) => chooseMail(database, ada, choice);
    const log = () => noticing.log();

    it('of the addresses that are known of the person, and of no others', async () => {
      await noticing.addMail('committers');
      for (const other of ['victim@elsewhere.org', 'eve@home.example', '']) {
        const refused = await choose(other).catch((error: { code: string }) => error.code);
        expect(refused, other).to.equal('bad_request');
      }
      await run('success', 'failure');
      expect(await choose('Ada@Home.example')).to.equal('ada@home.example');
      await run('success', 'failure');
      await addAddress(database, 'ada', 'ada@hand.example');
      await choose('ada@hand.example');
      await run('success', 'failure');
      await removeAddress(database, 'ada', 'ada@hand.example');
      expect(await mailChoiceOf(database.db, ada)).to.equal(null);
      await run('success', 'failure');
      const broken = (await log()).filter((entry) => entry.includes(' broken '));
      expect(broken).to.deep.equal([
        'mail ada@example.org broken sent',
        'mail ada@home.example broken sent',
        'mail ada@hand.example broken sent',
        'mail ada@example.org broken sent',
      ]);
    });

    it('once for each change, and tell that it works again where they have told that it is broken', async () => {
      await choose('ada@home.example');
      await noticing.addMail('committers, ada@home.example');
      await run('success', 'failure', 'failure');
      await choose(null);
      await run('success');
      expect(await log()).to.deep.equal(['mail ada@home.example broken sent', 'mail ada@home.example fixed sent']);
    });

    it('and stay stopped there if the person had stopped them elsewhere', async () => {
      await noticing.addMail('committers');
      await mute(database, { target: 'mail', recipient: 'ada@example.org' }, { repo: 'app', branch: null });
      await choose('ada@home.example');
      await run('success', 'failure');
      expect(await log()).to.deep.equal(['mail ada@home.example broken dropped the recipient has muted app']);
    });

    it('only while the person may read the repository and is not blocked: nobody hears that it works again either', async () => {
      await choose('ada@home.example');
      await noticing.addMail('committers', { options: { domains: ['example.org'] } });
      await run('success', 'failure');
      await revokeRole(database, { who: 'ada' });
      await run('success', 'failure');
      await setBlocked(database, 'ada', true);
      await run('success', 'failure');
      expect(await log()).to.have.members([
        'mail ada@home.example broken sent',
        'mail ada@home.example fixed dropped its person has no role that lets read app',
        // whoever has an address of the domain hears of it there
        'mail ada@example.org broken sent',
        'mail ada@home.example fixed dropped its person is blocked',
        'mail ada@example.org fixed dropped its person is blocked',
        'mail ada@example.org broken dropped its person is blocked',
      ]);
    });

    it('not if the person may not read the repository any more, or is blocked, once they are sent', async () => {
      await noticing.addMail('committers');
      for (const lose of [() => revokeRole(database, { who: 'ada' }), () => setBlocked(database, 'ada', true)]) {
        await grantRole(database, { who: 'ada', role: 'read', repos: ['app'] }, 'owner');
        await noticing.end('success');
        await noticing.end('failure');
        await makeNotices(database, new AbortController().signal);
        await lose();
        await noticing.deliver();
      }
      expect(mail.received).to.deep.equal([]);
      expect((await log()).filter((entry) => entry.includes('broken'))).to.deep.equal([
        'mail ada@example.org broken dropped its person has no role that lets read app',
        'mail ada@example.org broken dropped its person is blocked',
      ]);
    });

    it('or nowhere, whoever has named the address, and whatever waits', async () => {
      await noticing.addMail('committers, ada@home.example', { options: { owners: ['Ada@example.org'] } });
      await run('success');
      await noticing.end('failure');
      await choose('none');
      await noticing.end('error');
      await noticing.deliver();
      expect(mail.received).to.deep.equal([]);
      const entries = await log();
      expect(entries).to.have.length(4);
      for (const entry of entries) expect(entry).to.match(/dropped the recipient wants no mail from Volt$/);
      await choose(null);
      await run('success', 'failure');
      expect((await log()).slice(-2)).to.have.members([
        'mail ada@example.org broken sent',
        'mail ada@home.example broken sent',
      ]);
    });
  });

  describe('name the author of a commit', () => {
    interface Sent {
      type: string;
      data: {
        author: string;
        person: string | null;
        lines?: string[];
        since: { author: string; person: string } | null;
      };
    }
    const sent = () => receiver.bodies as Sent[];
    const asPushed = { author: 'root', authorAddress: 'Ada@Example.org' };

    beforeEach(async () => {
      await person('ada', ['ada@example.org'], 'Ada Lovelace');
      await noticing.end('success');
    });

    it('as the person who has the address, and as the commit says where nobody has it', async () => {
      await noticing.add(`${receiver.url}/hook`, { on: 'failure' });
      await noticing.end('failure', asPushed);
      await noticing.end('failure', { author: 'Eve', authorAddress: 'eve@elsewhere.org' });
      await noticing.deliver();
      expect(
        sent().map(({ data: { author, person, since } }) => [author, person, since?.author ?? null]),
      ).to.deep.equal([
        ['Ada Lovelace', 'ada', null],
        ['Eve', null, 'Ada Lovelace'],
      ]);
      expect(sent()[1]?.data.since?.person).to.equal('ada');
    });

    it('so in mails, templates and digests, too', async () => {
      await noticing.addMail('team@example.org');
      const options = { text: 'caused by {author}', digest: '09:00' };
      await noticing.add(`${receiver.url}/hook`, { options });
      await noticing.end('failure', asPushed);
      await database.db
        .insertInto('cursors')
        .values({ repo: 'app', ref: 'refs/heads/main', sha: 'a'.repeat(40), generation: 0, moved_at: 1, absent: 0 })
        .execute();
      await database.db.updateTable('notice_targets').set({ digest_at: 1 }).where('name', '=', 'team').execute();
      await noticing.deliver();
      const linesOf = (type: string) => sent().find((one) => one.type === type)?.data.lines;
      expect(linesOf('build.broken')).to.deep.equal(['caused by Ada Lovelace']);
      expect(linesOf('digest')?.[0]).to.match(/^main of app, since #2 .*, by Ada Lovelace$/);
      for (const text of [mail.received[0]?.text, mail.received[0]?.html])
        expect(text).to.include('Ada Lovelace').and.not.include('root');
    });

    it('as a value: what somebody calls themselves at a provider is no markup, and bounded', async () => {
      await person('eve', ['eve@elsewhere.org'], `<!channel> <b>http://evil.example</b>\r\n${'x'.repeat(300)}`);
      await noticing.addMail('team@example.org');
      await noticing.add(`${receiver.url}/hook`);
      await noticing.end('failure', { authorAddress: 'eve@elsewhere.org' });
      await noticing.deliver();
      expect(sent()[0]?.data.author)
        .to.have.length(100)
        .and.not.match(/[\r\n]/);
      expect(mail.received[0]?.html).to.not.include('<b>http').and.not.include('http://evil');
    });
  });
});
