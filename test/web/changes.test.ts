import { expect } from 'chai';
import { change } from '../../src/web/api/schemas.ts';
import { followChanges } from '../../src/web/streams/changes.ts';
import { Notices } from '../../src/web/streams/notices.ts';
import { until } from '../support/until.ts';
import { Site } from './site.ts';
import { EventReader } from './sse.ts';

describe('web: changes of builds', () => {
  let site: Site;
  before(async () => {
    site = await Site.start();
  });
  after(() => site.stop());

  it('reach every client as they are announced', async () => {
    const clients = await Promise.all([1, 2, 3].map(() => EventReader.open(`${site.url}/api/v1/events`)));
    await site.announce('7' as never, 'sample', 'running');
    for (const client of clients) {
      const event = await client.next();
      expect(event?.event).to.equal('message');
      expect(change.strict().parse(JSON.parse(event?.data ?? ''))).to.deep.equal({
        build: '7',
        repo: 'sample',
        status: 'running',
      });
      client.close();
    }
  });

  it('need one subscription, however many clients there are', async () => {
    const clients = await Promise.all([1, 2, 3, 4].map(() => EventReader.open(`${site.url}/api/v1/events`)));
    const { client, keys } = site.context.access;
    expect(await client.call('PUBSUB', 'NUMSUB', keys.changes)).to.deep.equal([keys.changes, 1]);
    for (const one of clients) one.close();
  });

  it('are told once a build, as they last were, to a client that was slow', async () => {
    const notices = await Notices.open(site.context.access, site.context.logger);
    const gone = new AbortController();
    const events = followChanges(notices)(gone.signal);
    const first = events.next();
    await site.announce('1' as never, 'sample', 'queued');
    expect((await first).value).to.include('"queued"');
    let heard = 0;
    const stop = notices.onChange(() => {
      heard += 1;
    });
    for (let i = 0; i < 200; i++) await site.announce('2' as never, 'sample', i < 199 ? 'running' : 'success');
    await until('all notices to arrive', () => heard === 200);
    expect((await events.next()).value).to.include('"success"');
    gone.abort();
    expect((await events.next()).done).to.equal(true);
    stop();
  });

  it('that nobody can understand do no harm', async () => {
    const { logger } = site.context;
    const { level } = logger;
    logger.level = 'error';
    const client = await EventReader.open(`${site.url}/api/v1/events`);
    const { access } = site.context;
    await access.client.publish(access.keys.changes, 'not JSON');
    await site.announce('8' as never, 'sample', 'success');
    expect((await client.next())?.data).to.include('"8"');
    client.close();
    logger.level = level;
  });
});
