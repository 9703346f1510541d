import { expect } from 'chai';
import { Site } from './site.ts';

describe('web: ETags', () => {
  let site: Site;
  before(async () => {
    site = await Site.start();
    await site.repository('app');
    for (let i = 0; i < 3; i++) await site.build('app');
  });
  after(() => site.stop());

  it('save sending an answer again until it changes', async () => {
    const first = await site.fetch('/api/v1/builds');
    const tag = first.headers.get('etag') ?? '';
    expect(tag).to.match(/^W\/"[\w-]{22}"$/);
    expect(first.headers.get('cache-control')).to.include('no-cache');
    for (const known of [tag, tag.replace('W/', ''), `"other", ${tag}`, '*']) {
      const again = await site.fetch('/api/v1/builds', { headers: { 'if-none-match': known } });
      expect(again.status, known).to.equal(304);
      expect(await again.text()).to.equal('');
      expect(again.headers.get('etag')).to.equal(tag);
    }
    await site.build('app');
    const changed = await site.fetch('/api/v1/builds', { headers: { 'if-none-match': tag } });
    expect(changed.status).to.equal(200);
    expect(changed.headers.get('etag')).to.not.equal(tag);
  });

  it('save sending a page again, and differ for another reader', async () => {
    const headers = { accept: 'text/html' };
    const first = await site.fetch('/repos/app', { headers });
    const tag = first.headers.get('etag') ?? '';
    expect(first.headers.get('content-type')).to.match(/^text\/html/);
    expect((await first.text()).startsWith('<!DOCTYPE html>')).to.equal(true);
    const again = await site.fetch('/repos/app', { headers: { ...headers, 'if-none-match': tag } });
    expect(again.status).to.equal(304);
    const cookie = await site.signIn();
    const signedIn = await site.ask('/repos/app', { headers: { ...headers, cookie, 'if-none-match': tag } });
    expect(signedIn.status).to.equal(200);
    expect(signedIn.headers.get('vary')).to.include('cookie');
  });

  it('are not for confidential answers, which no cache may store', async () => {
    const headers = { authorization: `Bearer ${site.token}` };
    const answer = await site.fetch('/api/v1/secrets', { headers });
    expect(answer.headers.get('cache-control')).to.include('no-store');
  });

  it('come with a link to the next page of a list, which has no gap although builds are added', async () => {
    const first = await site.fetch('/api/v1/builds?repo=app&limit=2');
    const link = /^<(.*)>; rel="next"$/.exec(first.headers.get('link') ?? '')?.[1] ?? '';
    const ids = ((await first.json()) as { builds: { id: string }[] }).builds.map(({ id }) => Number(id));
    await site.build('app');
    const next = await site.fetch(link);
    const more = ((await next.json()) as { builds: { id: string }[] }).builds.map(({ id }) => Number(id));
    expect(more[0]).to.equal((ids.at(-1) ?? 0) - 1);
    expect(more).to.have.lengthOf(2);
    const last = await site.fetch('/api/v1/builds?limit=500');
    expect(last.headers.get('link')).to.equal(null);
  });
});
