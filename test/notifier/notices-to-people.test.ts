import { expect } from 'chai';
import { type Config, loadConfig } from '../../src/kernel/config.ts';
import type { Database } from '../../src/record/database.ts';
import { noteIdentity } from '../../src/record/identities.ts';
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
    noteIdentity(database, {
      ...{ provider: 'corp', issuer: 'https://id.example', subject: login, login, displayName, groups: [], addresses },
    });

  describe('name the author of a commit', () => {
    interface Sent {
      type: string;
      data: { author: string; person: string | null; lines?: string[]; since: { author: string; person: string } | null };
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
      expect(sent().map(({ data: { author, person, since } }) => [author, person, since?.author ?? null])).to.deep.equal([
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
      expect(sent()[0]?.data.author).to.have.length(100).and.not.match(/[\r\n]/);
      expect(mail.received[0]?.html).to.not.include('<b>http').and.not.include('http://evil');
    });
  });
});
