import { expect } from 'chai';
import { moveToNextAttempt } from '../../src/record/next-attempts.ts';
import { recordSteps } from '../../src/record/recorded-steps.ts';
import { removeBuild } from '../../src/record/retention.ts';
import { administrator } from '../../src/record/visibility.ts';
import { change } from '../../src/web/schemas/builds.ts';
import { startWeb } from '../../src/web/start.ts';
import { followChanges } from '../../src/web/streams/changes.ts';
import { Notices } from '../../src/web/streams/notices.ts';
import { job, Site } from './site.ts';
import { EventReader } from './sse.ts';

describe('web: changes of builds', () => {
  let site: Site;
  before(async () => {
    site = await Site.start();
    await site.repository('sample');
  });
  after(() => site.stop());

  const open = (headers: { [name: string]: string } = {}, query = '') =>
    EventReader.open(`${site.url}/api/v1/events${query}`, headers);

  /** The next change that a client is told. */
  async function told(client: EventReader) {
    const { event, data, id } = (await client.next()) ?? {};
    expect(event).to.equal('message');
    return { id: id ?? '', ...change.strict().parse(JSON.parse(data ?? '')) };
  }

  /** All changes after one, until the given build's. */
  async function missed(last: string, end: string): Promise<string[]> {
    const client = await open({ 'last-event-id': last });
    const builds: string[] = [];
    while (builds.at(-1) !== end) builds.push((await told(client)).build);
    client.close();
    return builds;
  }

  it('reach every client when they are announced', async () => {
    const clients = await Promise.all([1, 2, 3].map(() => open()));
    const id = await site.build('sample');
    await site.announce(id, 'sample', 'queued');
    for (const client of clients) {
      expect(await told(client)).to.include({ build: id, repo: 'sample', status: 'queued' });
      client.close();
    }
  });

  it('reach clients even if the announcement is lost', async () => {
    const client = await open();
    const id = await site.build('sample');
    expect((await told(client)).build).to.equal(id);
    client.close();
  });

  it('need one subscription, however many clients there are', async () => {
    const clients = await Promise.all([1, 2, 3, 4].map(() => open()));
    const { client, keys } = site.context.access;
    expect(await client.call('PUBSUB', 'NUMSUB', keys.changes)).to.deep.equal([keys.changes, 1]);
    for (const one of clients) one.close();
  });

  it('that a client missed are sent when it reconnects, once for each build, with its current state', async () => {
    const client = await open();
    await site.build('sample');
    const { id: last } = await told(client);
    client.close();
    const first = await site.build('sample');
    const second = await site.build('sample');
    await site.begin({ job: job(first), attempt: 1 });
    await site.finish({ job: job(first), attempt: 1 });
    const again = await open({ 'last-event-id': last });
    expect(await told(again)).to.include({ build: second, status: 'queued' });
    expect(await told(again)).to.include({ build: first, status: 'success' });
    again.close();
    const byQuery = await open({}, `?after=${last}`);
    expect((await told(byQuery)).build).to.equal(second);
    byQuery.close();
  });

  it('are never missed by a client that reconnects', async () => {
    const id = await site.build('sample', {}, [{}, {}]);
    const other = await site.build('sample');
    const attempt = { job: job(id, 2), attempt: 1 };
    for (const [what, move] of Object.entries({
      begin: () => site.begin(attempt),
      steps: () => recordSteps(site.context.database, attempt, 1, []),
      lost: () =>
        moveToNextAttempt(site.context.database, attempt, { reason: 'runner_lost', message: 'gone', at: Date.now() }),
      finish: () => site.finish({ ...attempt, attempt: 2 }),
    })) {
      const client = await open({ 'last-event-id': '0' });
      let last = '';
      for (let next = await told(client); ; next = await told(client)) {
        last = next.id;
        if (next.build === other || (what !== 'begin' && next.build === id)) break;
      }
      client.close();
      await move();
      expect(await missed(last, id), what).to.deep.equal([id]);
    }
  });

  it('send "reset" to a client with an unknown position, and continue', async () => {
    const client = await open({ 'last-event-id': '999999' });
    const reset = await client.next();
    expect(reset?.event).to.equal('reset');
    const id = await site.build('sample');
    const next = await told(client);
    expect(next.build).to.equal(id);
    expect(Number(next.id)).to.be.greaterThan(Number(reset?.id));
    client.close();
  });

  it('have numbers that are never used again, although builds are removed', async () => {
    const client = await open();
    const gone = await site.build('sample');
    await site.finish({ job: job(gone), attempt: 1 });
    const { id: last } = await told(client);
    await removeBuild(site.context.database, gone);
    const next = await site.build('sample');
    const after = await told(client);
    expect(after.build).to.equal(next);
    expect(Number(after.id)).to.be.greaterThan(Number(last));
    client.close();
  });

  it('are sent once for each build, with its last state, to a slow client', async () => {
    const { database, access, logger } = site.context;
    const gone = new AbortController();
    const notices = await Notices.open(access, logger);
    const events = (await followChanges({ database, notices }, administrator, undefined))(gone.signal);
    const id = await site.build('sample');
    // its position, which was known before the build
    await events.next();
    await site.begin({ job: job(id), attempt: 1 });
    await site.finish({ job: job(id), attempt: 1 });
    const event = (await events.next()).value;
    expect(event).to.include('"success"').and.include(`"build":"${id}"`);
    gone.abort();
    expect((await events.next()).done).to.equal(true);
    await notices.close();
  });

  it('that are invalid in Redis are ignored', async () => {
    const { logger } = site.context;
    const { level } = logger;
    logger.level = 'error';
    const client = await EventReader.open(`${site.url}/api/v1/events`);
    const { access } = site.context;
    await access.client.publish(access.keys.changes, 'not JSON');
    const id = await site.build('sample');
    await site.announce(id, 'sample', 'queued');
    expect((await told(client)).build).to.equal(id);
    client.close();
    logger.level = level;
  });

  it('that happened while the web stage was down are sent after its restart', async () => {
    const client = await open();
    await site.build('sample');
    const { id: last } = await told(client);
    client.close();
    await site.stopWeb();
    const missedBuild = await site.build('sample');
    const next = await startWeb(site.context, { host: '127.0.0.1', port: 0 });
    const again = await EventReader.open(`${next.url}/api/v1/events`, { 'last-event-id': last });
    expect((await told(again)).build).to.equal(missedBuild);
    again.close();
    await next.stop();
  });
});
