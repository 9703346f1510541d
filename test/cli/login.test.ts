import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { removeToken } from '../../src/record/tokens.ts';
import { VoltProcess, volt } from '../support/cli.ts';
import { bodyOf, Site } from '../web/site.ts';

describe('cli: volt login', () => {
  let site: Site;
  let cookie: string;
  let home: string;
  before(async () => {
    site = await Site.start();
    cookie = await site.signIn();
    home = await mkdtemp(join(tmpdir(), 'volt-login-'));
  });
  after(async () => {
    await site.stop();
    await rm(home, { recursive: true });
  });

  const env = (more = {}) => ({ XDG_CONFIG_HOME: home, VOLT_DATA_DIR: join(home, 'none'), ...more });
  /** A person decides in the browser on the code that the command shows. */
  const decide = async (command: VoltProcess, decision: string) => {
    const [code = ''] = await command.says(/[A-Z]{4}-[A-Z]{4}/);
    const body = new URLSearchParams({ code, decision });
    await site.ask('/device', { method: 'POST', body, headers: { cookie, origin: site.privateUrl } });
    return command.ended();
  };
  const login = (args: string[] = []) => new VoltProcess(['login', site.url, ...args], { env: env() });
  const whoami = async (more = {}) => JSON.parse((await volt(['whoami', '--json'], { env: env(more) })).stdout);

  it('keeps a token that later commands send, which only the user can read, and volt logout revokes it', async () => {
    const command = login();
    await command.says(/\/device in a browser/);
    const { code, stdout } = await decide(command, 'confirm');
    expect(code).to.equal(0);
    expect(stdout).to.match(/signed in at http:\S+ with the token owner-\S+, which has the role approve\n/);
    const folder = join(home, 'volt', 'logins');
    const [file = ''] = readdirSync(folder);
    expect(statSync(folder).mode & 0o777).to.equal(0o700);
    expect(statSync(join(folder, file)).mode & 0o777).to.equal(0o600);
    expect(stdout).to.not.include(JSON.parse(readFileSync(join(folder, file), 'utf8')).token);

    const { url, token, rights } = await whoami();
    expect(url).to.equal(site.url);
    expect(token).to.match(/^owner-/);
    expect(rights).to.deep.equal([{ role: 'approve', repos: ['*'], private: false }]);
    expect((await whoami({ VOLT_URL: `${site.url}/` })).token).to.equal(token);
    expect((await whoami({ VOLT_TOKEN: site.token })).token).to.equal(null);

    const out = await volt(['logout'], { env: env() });
    expect([out.code, out.stdout]).to.deep.equal([0, `signed out of ${site.url}: the token ${token} is revoked\n`]);
    expect(existsSync(join(folder, file))).to.equal(false);
    const { tokens } = await bodyOf(
      await site.fetch('/api/v1/tokens', { headers: { authorization: `Bearer ${site.token}` } }),
    );
    expect(tokens).to.deep.equal([]);
    expect(await volt(['logout', site.url], { env: env() })).to.include({ code: 2 });
  });

  it('leads whoever has a token of the Volt to the address at which browsers sign in, and nobody else', async () => {
    const command = new VoltProcess(['login'], { env: env({ VOLT_URL: site.url, VOLT_TOKEN: site.token }) });
    const [, page] = await command.says(/Open (\S+) in a browser/);
    expect(page).to.equal(`${site.privateUrl}/device`);
    await decide(command, 'refuse');
    const stranger = login();
    const [, shown] = await stranger.says(/Open (\S+) in a browser/);
    expect(shown).to.equal(`${site.url}/device`);
    await decide(stranger, 'refuse');
  });

  it('replaces the token of a former sign-in on the same machine', async () => {
    await decide(login(), 'confirm');
    await decide(login(['--role', 'read']), 'confirm');
    const { tokens } = await bodyOf(
      await site.fetch('/api/v1/tokens', { headers: { authorization: `Bearer ${site.token}` } }),
    );
    expect(tokens.map(({ role }: { role: string }) => role)).to.deep.equal(['read']);
  });

  it('forgets a token that somebody else has revoked', async () => {
    await decide(login(), 'confirm');
    await removeToken(site.context.database, (await whoami()).token);
    const out = await volt(['logout', site.url], { env: env() });
    expect(out.code).to.equal(0);
  });

  it('ends with an error if the person refuses', async () => {
    const { code, stderr } = await decide(login(), 'refuse');
    expect(code).to.equal(3);
    expect(stderr).to.include('error sign_in_refused: the request was refused in the browser');
  });

  it('says what is wrong with an address', async () => {
    for (const [address, said] of [
      ['ci.example.org', 'is not the address of a Volt'],
      ['http://127.0.0.1:1', 'no Volt signs programs in at http://127.0.0.1:1'],
      [`${site.url}/nothing`, 'no Volt signs programs in at'],
    ] as const)
      expect((await volt(['login', address], { env: env() })).stderr, address).to.include(said);
  });

  it('opens nothing but a page, whatever the server says', async () => {
    const codes = { device_code: 'd', user_code: 'u', expires_in: 60, verification_uri: 'file:///etc/passwd' };
    const server = createServer((_, answer) =>
      answer.setHeader('content-type', 'application/json').end(JSON.stringify(codes)),
    );
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const { stderr, stdout } = await volt(['login', `http://127.0.0.1:${port}`], { env: env() });
    expect(stderr).to.include('its answer has no address to open');
    expect(stdout).to.equal('');
    server.close();
  });
});
