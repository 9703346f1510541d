import { expect } from 'chai';
import { bodyOf, Site } from './site.ts';

describe('web: secrets and variables', () => {
  let site: Site;
  before(async () => {
    site = await Site.start();
    await site.repository('app');
  });
  after(() => site.stop());

  const request = (method: string, path: string, body?: unknown) =>
    site.fetch(`/api/v1${path}`, {
      method,
      headers: { authorization: `Bearer ${site.token}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  const put = (path: string, value: unknown) => request('PUT', path, { value });

  it('are set, listed and removed, for one repository and for all', async () => {
    for (const of of ['', '/repos/app']) {
      for (const kind of ['secrets', 'variables']) {
        expect((await put(`${of}/${kind}/token`, 'canary-1')).status).to.equal(200);
        const list = await bodyOf(await request('GET', `${of}/${kind}`));
        expect(list[kind]).to.have.length(1);
        expect(list[kind][0]).to.include({ name: 'TOKEN', repo: of === '' ? null : 'app' });
        expect(JSON.stringify(list).includes('canary-1')).to.equal(kind === 'variables');
        expect((await request('DELETE', `${of}/${kind}/TOKEN`)).status).to.equal(200);
        expect((await request('DELETE', `${of}/${kind}/TOKEN`)).status).to.equal(404);
      }
    }
  });

  it('need a token, even for their names', async () => {
    for (const path of ['/secrets', '/variables', '/repos/app/secrets', '/repos/app/variables']) {
      const answer = await site.fetch(`/api/v1${path}`);
      expect(answer.status).to.equal(401);
      expect((await bodyOf(answer)).error.code).to.equal('token_needed');
    }
  });

  it('are refused if the name or value is invalid, without repeating the value', async () => {
    for (const [path, value, code] of [
      ['/secrets/GITHUB_TOKEN', 'canary', 'bad_name'],
      ['/secrets/..%2Fx', 'canary', 'bad_name'],
      ['/secrets/A', 'canary\0', 'bad_request'],
      ['/secrets/A', ['canary'], 'bad_request'],
      ['/secrets/A', undefined, 'bad_request'],
      ['/repos/other/secrets/A', 'canary', 'not_found'],
      ['/repos/..%2Fapp/secrets/A', 'canary', 'bad_request'],
    ] as const) {
      const answer = await (await put(path, value)).text();
      expect(JSON.parse(answer).error.code, path).to.equal(code);
      expect(answer).to.not.include('canary');
    }
  });

  it('are encrypted with a new key on request', async () => {
    await put('/secrets/KEPT', 'x');
    const { keyId } = await bodyOf(await request('POST', '/secrets/rotate'));
    expect(keyId).to.match(/^[0-9a-f]{12}$/);
    expect((await bodyOf(await request('POST', '/secrets/rotate'))).keyId).to.not.equal(keyId);
  });
});
