import { expect } from 'chai';
import { routes } from '../../src/web/api/routes.ts';
import { errorAnswer } from '../../src/web/schemas/terms.ts';
import { Site } from './site.ts';

/** What is no name and no id, as somebody would write it who means no good or has made a mistake. */
const noIds = [
  '..%2F..%2F..%2Fetc%2Fpasswd',
  '%2Fetc%2Fpasswd',
  '..%5C..%5Cx',
  '%2e%2e%2f%2e%2e%2f',
  'a%00b',
  '%0d%0aset-cookie:x',
  '-1',
  '1e+3',
  '1,5',
  ' 1',
  '9'.repeat(400),
  'x'.repeat(5000),
  '%F0%9F%92%A5',
  '%7B%22a%22:1%7D',
  "1'%20or%201=1--",
];

/** Bodies of which no request takes any. */
const noBodies = ['{', '[]', '"text"', '7', 'null', '{"__proto__":7}{', '\u0000'];

describe('web: hostile input', () => {
  let site: Site;

  async function start(): Promise<void> {
    site = await Site.start();
    await site.repository('app');
    await site.build('app');
  }

  before(start);
  after(() => site.stop());

  /** The refusal of a request: a known form, with a remedy, that tells nothing of the inside. */
  async function refusal(path: string, init: RequestInit = {}): Promise<number> {
    const headers = { authorization: `Bearer ${site.token}`, 'content-type': 'application/json' };
    const answer = await site.fetch(path, { headers, ...init });
    const text = await answer.text();
    const what = `${init.method ?? 'GET'} ${path.slice(0, 100)}: ${answer.status} ${text.slice(0, 200)}`;
    expect(answer.status, what).to.be.within(400, 499);
    const { error } = errorAnswer.strict().parse(JSON.parse(text));
    expect(error.remedy, what).to.match(/\S/);
    expect(text, what).to.not.match(/ at \S+ \(|node_modules|SQLITE|\.ts:\d/);
    expect(text.length, 'it does not say everything back').to.be.below(1500);
    return answer.status;
  }

  const method = (name: string) => name.toUpperCase();
  const withParameters = routes.filter(({ path }) => path.includes(':'));

  for (const route of withParameters) {
    it(`is refused as a parameter of ${method(route.method)} ${route.path}`, async () => {
      for (const id of noIds) {
        const path = route.path.replace(/:(\w+)/g, () => id);
        await refusal(`/api/v1${path}`, route.method === 'get' ? {} : { method: method(route.method) });
      }
    });
  }

  describe('in a body', () => {
    // all of this file at once is more than a web stage lets one sender change
    before(async () => {
      await site.stop();
      await start();
    });

    for (const route of routes.filter(({ body }) => body !== undefined)) {
      it(`is refused as the body of ${method(route.method)} ${route.path}`, async () => {
        const path = route.path.replace(':name', 'app').replace(':id', route.path.startsWith('/jobs') ? '1-1' : '1');
        for (const body of noBodies) {
          await refusal(`/api/v1${path.replace(':entry', 'A')}`, { method: method(route.method), body });
        }
        const large = JSON.stringify({ ref: 'x'.repeat(1_100_000) });
        expect(
          await refusal(`/api/v1${path.replace(':entry', 'A')}`, { method: method(route.method), body: large }),
        ).to.equal(413);
      });
    }
  });

  it('is refused as a limit, a cursor or a filter', async () => {
    const queries = ['limit=-1', 'limit=1e9', 'limit=NaN', 'limit=', 'before=-1', 'before=..%2Fx'];
    for (const query of [...queries, 'status=%00', `branch=${'x'.repeat(2000)}`, 'sha=%27', 'repo=%2e%2e']) {
      await refusal(`/api/v1/builds?${query}`);
    }
    for (const query of ['attempt=0', 'attempt=-1', 'attempt=1.5', 'attempt=999999', 'follow=2', 'from=-1']) {
      await refusal(`/api/v1/jobs/1-1/log?${query}`);
    }
  });

  it('as a path finds no file outside those of the pages and the board', async () => {
    for (const path of [
      '/public/..%2F..%2Fpackage.json',
      '/public/%2e%2e%2fweb.ts',
      '/queues/static/..%2F..%2F..%2Fpackage.json',
      '/queues/static/%2Fetc%2Fpasswd',
      '/builds/..%2F1',
      '/builds/1%00',
    ]) {
      expect(await refusal(path), path).to.equal(404);
    }
  });

  it('is shown on pages as text', async () => {
    const script = encodeURIComponent('"><script>alert(1)</script>');
    for (const path of [
      `/builds?repo=${script}&branch=${script}&status=${script}&before=${script}`,
      `/builds/1?job=${script}`,
    ]) {
      const page = await site.page(path);
      expect(page, path)
        .to.match(/<!DOCTYPE html>/)
        .and.not.contain('<script>alert');
    }
  });

  it('as a header has no effect', async () => {
    for (const headers of [
      { range: 'bytes=9-1' },
      { range: 'lines=1-2' },
      { range: `bytes=${'0-1,'.repeat(1000)}` },
      { 'last-event-id': '-7' },
      { authorization: 'Bearer ' },
      { cookie: `volt_session=${'x'.repeat(3000)}` },
      { accept: ',;q=' },
    ]) {
      const answer = await site.fetch('/api/v1/jobs/1-1/log', {
        headers: headers as unknown as Record<string, string>,
      });
      expect(answer.status, JSON.stringify(headers).slice(0, 60)).to.be.oneOf([200, 416]);
      await answer.text();
    }
  });
});
