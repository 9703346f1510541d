import { expect } from 'chai';
import { addPersonalToken } from '../../src/record/personal-tokens.ts';
import { addToken } from '../../src/record/tokens.ts';
import { volt } from '../support/cli.ts';
import { bodyOf, Site } from '../web/site.ts';

describe('cli: volt session', () => {
  let site: Site;
  before(async () => {
    site = await Site.start();
  });
  after(() => site.stop());

  const session = (token: string, ...args: string[]) =>
    volt(['session', ...args], { env: { VOLT_URL: site.url, VOLT_TOKEN: token } });
  const isIn = async (cookie: string) => (await site.ask('/api/v1/account', { headers: { cookie } })).status === 200;
  /** The sessions that there are began an hour ago. */
  const age = () =>
    site.context.database.write((db) =>
      db
        .updateTable('sessions')
        .set((eb) => ({ created_at: eb('created_at', '-', 3_600_000) }))
        .execute(),
    );
  /** Somebody in two browsers, with a token. */
  async function inTwoBrowsers(login: string) {
    const cookies = [await site.signInAs(login), await site.signInAs(login)];
    const { person } = await bodyOf(await site.ask('/api/v1/account', { headers: { cookie: cookies[0] ?? '' } }));
    const limits = { name: 'laptop', role: 'read', repos: null } as const;
    return { cookies, token: (await addPersonalToken(site.context.database, person.id, limits)).token };
  }

  it('lists where a person is signed in, and ends one session or all', async () => {
    const { cookies, token } = await inTwoBrowsers('ada');
    await site.signInAs('bob');
    await age();
    const { stdout } = await session(token, 'ls');
    expect(stdout).to.match(/^Browsers that are signed in as ada:\nID +BROWSER +ADDRESS +BY +SINCE +LAST USED\n/);
    expect(stdout.match(/a browser +127\.0\.0\.1 +corp +1 h ago/g)).to.have.lengthOf(2);
    const { sessions } = JSON.parse((await session(token, 'ls', '--json')).stdout);
    const id = sessions[0].id.slice(0, 12);
    expect(stdout).to.include(id);
    expect((await session(token, 'rm', id)).stdout).to.equal('ended the session of a browser at 127.0.0.1\n');
    expect((await Promise.all(cookies.map(isIn))).filter(Boolean)).to.have.lengthOf(1);
    expect((await session(token, 'rm', id)).stderr)
      .to.include('no session of yours has the id')
      .and.include('session ls');
    expect((await session(token, 'rm', '--all')).stdout).to.equal('1 session has ended\n');
    expect(await isIn(cookies[1] ?? '')).to.equal(false);
    expect((await session(token, 'ls')).stdout).to.equal('no browser is signed in as ada\n');
  });

  it('ends no session that has just begun, so that whoever has stolen a token cannot keep the person out', async () => {
    const { cookies, token } = await inTwoBrowsers('carol');
    const { sessions } = JSON.parse((await session(token, 'ls', '--json')).stdout);
    const refused = await session(token, 'rm', sessions[0].id);
    expect(refused).to.include({ code: 2 });
    expect(refused.stderr).to.include('began less than ten minutes ago').and.include('/account');
    expect((await session(token, 'rm', '--all')).stdout).to.match(/^0 sessions have ended\n2 more began less than ten/);
    expect(await Promise.all(cookies.map(isIn))).to.deep.equal([true, true]);
  });

  it("says whose sessions it shows with a token that is no person's, and ends those that have just begun, too", async () => {
    const made = { name: 'deploy', role: 'run', repos: null, person: 'deploy', createdBy: 'owner' } as const;
    const { token } = await addToken(site.context.database, made);
    expect((await session(token, 'ls')).stdout).to.equal('no browser is signed in with the token deploy\n');
    const cookies = [await site.signIn(token), await site.signIn()];
    expect((await session(token, 'ls')).stdout).to.match(
      /^Browsers that are signed in with the token deploy:\n.*\n.*\n$/,
    );
    expect((await session(site.token, 'ls')).stdout).to.match(/^Browsers that are signed in with the main token:\n/);
    expect((await session(token, 'rm', '--all')).stdout).to.equal('1 session has ended\n');
    expect(await Promise.all(cookies.map(isIn))).to.deep.equal([false, true]);
  });

  it('wants an id or --all, and an id that names one session', async () => {
    const { token } = await inTwoBrowsers('dora');
    for (const args of [['rm'], ['rm', 'abcdef', '--all']])
      expect((await session(token, ...args)).stderr).to.include('give the id of a session, or --all');
    const { sessions } = JSON.parse((await session(token, 'ls', '--json')).stdout);
    expect((await session(token, 'rm', sessions[0].id.slice(0, 3))).stderr).to.include('too short to name one session');
  });
});
