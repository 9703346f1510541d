import { expect } from 'chai';
import { noteDefaultBranch } from '../../src/record/observations.ts';
import { hasSshd } from '../support/git-over-ssh.ts';
import { Site } from './site.ts';

describe('web: credentials', () => {
  let site: Site;
  before(async () => {
    site = await Site.start();
    await site.repository('web');
    await site.repository('shell', { url: 'git@127.0.0.1:app.git' });
    await site.repository('here', { url: '/srv/app', host: 'box' });
  });
  after(() => site.stop());

  const request = (method: string, path: string, body?: unknown) =>
    site.fetch(`/api/v1${path}`, {
      method,
      headers: { authorization: `Bearer ${site.token}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });

  it('are set, listed without secret values, and removed', async () => {
    const set = await request('PUT', '/repos/web/credential/https', { password: 'canary' });
    expect(set.status).to.equal(200);
    const list = await (await request('GET', '/credentials')).text();
    expect(list).to.not.include('canary');
    expect(JSON.parse(list).credentials[0]).to.include({ repo: 'web', kind: 'https', user: 'git' });
    expect((await site.fetch('/api/v1/credentials')).status).to.equal(401);
    expect((await request('DELETE', '/repos/web/credential')).status).to.equal(200);
    expect((await request('DELETE', '/repos/web/credential')).status).to.equal(404);
  });

  it('are refused if invalid, without repeating them', async () => {
    for (const [path, body, code] of [
      ['/repos/web/credential/ssh', {}, 'conflict'],
      ['/repos/shell/credential/https', { password: 'canary' }, 'conflict'],
      ['/repos/here/credential/https', { password: 'canary' }, 'conflict'],
      ['/repos/other/credential/https', { password: 'canary' }, 'not_found'],
      ['/repos/web/credential/https', { password: 'canary\nusername=x' }, 'bad_request'],
      ['/repos/web/credential/https', { user: 'a\0', password: 'canary' }, 'bad_request'],
      ['/repos/web/credential/https', {}, 'bad_request'],
    ] as const) {
      const answer = await (await request('PUT', path, body)).text();
      expect(JSON.parse(answer).error.code, path).to.equal(code);
      expect(answer).to.not.include('canary');
    }
  });

  it("for ssh need a key without a passphrase and the server's host keys", async function () {
    if (!hasSshd()) return this.skip();
    const path = '/repos/shell/credential/ssh';
    const knownHosts = '127.0.0.1 ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHUFBCFc58UMEwYC2gHHUuM3GZkyhyGFDGRWYJ26lPzf\n';
    for (const [body, code] of [
      [{ knownHosts, privateKey: 'canary' }, 'bad_request'],
      [{ knownHosts: 'canary' }, 'bad_request'],
    ] as const) {
      const answer = await (await request('PUT', path, body)).text();
      expect(JSON.parse(answer).error.code).to.equal(code);
      expect(answer).to.not.include('canary');
    }
    const made = JSON.parse(await (await request('PUT', path, { knownHosts })).text());
    expect(made.publicKey).to.match(/^ssh-ed25519 \S+ volt shell$/);
    expect(made.hostKeys[0]).to.match(/^ED25519 SHA256:/);
  });

  it('and trusted refs are set independently', async () => {
    const refs = async (answer: Promise<Response>) => JSON.parse(await (await answer).text()).refs;
    const path = '/repos/web/trusted-refs';
    const usual = ['refs/heads/trunk', 'refs/tags/**'];
    expect(await refs(request('GET', path))).to.deep.equal(['refs/tags/**']);
    await noteDefaultBranch(site.context.database, 'web', 'trunk');
    expect(await refs(request('GET', path))).to.deep.equal(usual);
    expect(await refs(request('PUT', path, { refs: ['main', 'refs/tags/v*'] }))).to.deep.equal([
      'refs/heads/main',
      'refs/tags/v*',
    ]);
    expect((await request('PUT', path, { refs: ['-x..'] })).status).to.equal(400);
    expect(await refs(request('PUT', path, { refs: [] }))).to.deep.equal([]);
    expect(await refs(request('PUT', path, { refs: null }))).to.deep.equal(usual);
    expect((await request('GET', '/repos/other/trusted-refs')).status).to.equal(404);
  });
});
