import { expect } from 'chai';
import { ForgeFault } from '../../src/forge/fault.ts';
import type { CommitStatus, Forge } from '../../src/forge/forge.ts';
import { forgeAt } from '../../src/forge/kinds.ts';
import { commitStates } from '../../src/kernel/commit-status.ts';
import type { ForgeKind } from '../../src/kernel/forge-kinds.ts';
import { FakeForge, forgeToken } from '../support/fake-forge.ts';
import { azureBefore, azureMerge, fakePull } from '../support/fake-pull-requests.ts';
import { changeSha } from '../support/forge-dialects.ts';

const sha = changeSha;
const wanted: CommitStatus = {
  project: 'acme/app',
  sha,
  ref: 'refs/heads/topic',
  context: 'volt/push',
  state: 'pending',
  description: 'Volt is testing this commit',
  url: 'https://ci.example.org/builds/7',
};

/** The fault that something ends in. */
async function faultOf(work: Promise<unknown>): Promise<ForgeFault> {
  const error = await work.then(
    () => new Error('it succeeded'),
    (thrown) => thrown,
  );
  if (error instanceof ForgeFault) return error;
  throw error;
}

describe('statuses at a forge', () => {
  let fake: FakeForge;
  let forge: Forge;
  /** a status as that forge can have it */
  let own: CommitStatus;
  const at = async (kind: ForgeKind) => {
    fake = await FakeForge.start(kind);
    // Gerrit knows users and passwords only
    fake.token = kind === 'gerrit' ? 'volt:password' : forgeToken;
    forge = forgeAt({ kind, api: fake.api, token: fake.token });
    own = { ...wanted };
    // an organization, a project and a repository
    if (kind === 'azure') own.project = 'org/acme/app';
    if (kind === 'gerrit') own.ref = 'refs/changes/45/12345/3';
    fake.projects = [own.project];
    fake.readOnly = [own.project.replace('app', 'docs')];
  };
  afterEach(() => fake.stop());

  /** The word of each forge for `commitStates`, in order. */
  const words: { [K in ForgeKind]: string } = {
    github: 'pending success failure error error success',
    gitea: 'pending success failure error error success',
    forgejo: 'pending success failure error error success',
    gitlab: 'pending success failed failed canceled success',
    bitbucket: 'INPROGRESS SUCCESSFUL FAILED FAILED STOPPED SUCCESSFUL',
    'bitbucket-dc': 'INPROGRESS SUCCESSFUL FAILED FAILED FAILED SUCCESSFUL',
    azure: 'pending succeeded failed error error succeeded',
    gerrit: '0 1 -1 0 0 1',
    pagure: 'pending success failure error canceled success',
  };

  /** The others do not tell who may set statuses before somebody does. */
  const tellsRights: ForgeKind[] = ['github', 'gitea', 'forgejo', 'gitlab', 'pagure'];

  for (const kind of Object.keys(words) as ForgeKind[]) {
    it(`get a word that ${kind} knows for each state, and are found again`, async () => {
      await at(kind);
      for (const [index, state] of commitStates.entries()) {
        await forge.setStatus({ ...own, state });
        expect(fake.shown(sha), state).to.deep.equal({ 'volt/push': words[kind].split(' ')[index] });
        expect(await forge.hasStatus({ ...own, state }), state).to.equal(true);
      }
      expect(await forge.hasStatus({ ...own, state: 'failure' })).to.equal(false);
      expect(fake.newest(sha)).to.include({ description: wanted.description, url: wanted.url });
    });

    it(`do no harm where ${kind} has the same one already`, async () => {
      await at(kind);
      for (let times = 0; times < 2; times++) await forge.setStatus(own);
      expect(fake.shown(sha)).to.deep.equal({ 'volt/push': words[kind].split(' ')[0] });
    });

    it(`are only possible where the token may write, which a check at ${kind} finds without setting one`, async () => {
      await at(kind);
      await forge.checkToken();
      await forge.checkProject(own.project);
      if (tellsRights.includes(kind)) {
        const readOnly = await faultOf(forge.checkProject(fake.readOnly[0] ?? ''));
        expect(readOnly.code).to.equal('forge_refused');
        if (kind === 'github') expect(readOnly.remedy).to.include('statuses=write');
      }
      expect(await faultOf(forge.checkProject(own.project.replace('app', 'none')))).to.include({
        code: 'forge_refused',
        scope: 'repository',
      });
      expect(fake.rows).to.deep.equal([]);
      fake.token = 'another';
      const checked = forge.checkToken().then(() => forge.checkProject(own.project));
      expect(await faultOf(checked)).to.include({ code: 'forge_refused', scope: 'forge' });
    });
  }

  it('of parts of a build have a key of their own at Bitbucket, which takes few characters', async () => {
    await at('bitbucket');
    const parts = ['volt/push/a b', 'volt/push/a-b', `volt/push/${'long '.repeat(20)}`];
    for (const context of parts) await forge.setStatus({ ...own, context });
    for (const context of parts) expect(await forge.hasStatus({ ...own, context }), context).to.equal(true);
  });

  it('name the branch at GitLab, which finds them by it', async () => {
    await at('gitlab');
    await forge.setStatus(own);
    await forge.setStatus({ ...own, ref: 'refs/tags/v1', state: 'success' });
    expect(fake.rows.map(({ ref, state }) => [ref, state])).to.deep.equal([
      ['topic', 'pending'],
      ['v1', 'success'],
    ]);
  });

  it('are in the fork that a merge request of GitLab comes from, where the token may set them there', async () => {
    const pull = fakePull({ number: 7, head: sha, headRef: 'fix', headProject: 'ada/app' });
    const fork = '8';
    const both = ['acme/app', fork];
    const cases: [string, string[], string[], string][] = [
      ['may', both, [], fork],
      ['may only read', ['acme/app'], [fork], 'acme/app'],
      ['does not see it', ['acme/app'], [], 'acme/app'],
    ];
    for (const [what, projects, readOnly, project] of cases) {
      await at('gitlab');
      Object.assign(fake, { projects, readOnly, pulls: [pull] });
      const status = { ...own, ref: 'refs/merge-requests/7/head' };
      for (const state of ['pending', 'success'] as const) await forge.setStatus({ ...status, state });
      const rows = fake.rows.map((row) => [row.project, row.ref, row.state]);
      const ref = project === fork ? 'fix' : status.ref;
      expect(rows, what).to.deep.equal([[project, ref, 'success']]);
      expect(await forge.hasStatus({ ...status, state: 'success' })).to.equal(true);
      expect(await forge.hasStatus({ ...status, state: 'failure' })).to.equal(false);
      await fake.stop();
    }
    await at('gitlab');
    Object.assign(fake, { projects: both, pulls: [{ ...pull, headProject: 'acme/app' }] });
    await forge.setStatus({ ...own, ref: 'refs/merge-requests/7/head' });
    expect(fake.rows.map((row) => row.project)).to.deep.equal(['acme/app']);
  });

  it('are at pull requests of Azure DevOps, too, for the push that the commit is of', async () => {
    await at('azure');
    fake.pulls = [fakePull({ number: 7, head: sha })];
    const shown = () => fake.rows.map((row) => [row.sha, row.ref, row.state]);
    const ref = 'refs/pull/7/merge';
    await forge.setStatus({ ...own, ref, state: 'success' });
    expect(shown()).to.deep.equal([
      [sha, '', 'succeeded'],
      ['pull request 7', '2', 'succeeded'],
    ]);
    expect(await forge.hasStatus({ ...own, ref, state: 'success' })).to.equal(true);
    // the status of an earlier head does not count for this one
    await forge.setStatus({ ...own, ref, sha: azureBefore, state: 'failure' });
    expect(shown().at(-1)).to.deep.equal(['pull request 7', '1', 'failed']);
    expect(await forge.hasStatus({ ...own, ref, state: 'success' })).to.equal(true);
    await forge.setStatus({ ...own, ref, sha: azureMerge, state: 'error' });
    expect(shown().at(-1)).to.deep.equal(['pull request 7', '2', 'error']);
    expect(await forge.hasStatus({ ...own, ref, state: 'success' })).to.equal(false);
    for (const other of ['refs/pull/8/head', 'refs/heads/main']) await forge.setStatus({ ...own, ref: other });
    await forge.setStatus({ ...own, ref, sha: 'a'.repeat(40) });
    expect(
      shown()
        .slice(-3)
        .map(([of]) => of),
    ).to.deep.equal([sha, sha, 'a'.repeat(40)]);
  });

  it('of a commit that the forge does not have are refused for that commit only', async () => {
    for (const kind of ['github', 'gitlab'] as const) {
      await at(kind);
      fake.missing = [sha];
      expect(await faultOf(forge.setStatus(own)), kind).to.include({ code: 'forge_refused', scope: 'status' });
      if (kind === 'github') await fake.stop();
    }
  });
});

describe('a forge that does not do what it is asked for', () => {
  let fake: FakeForge;
  let forge: Forge;
  beforeEach(async () => {
    fake = await FakeForge.start('github');
    forge = forgeAt({ kind: 'github', api: fake.api, token: forgeToken });
  });
  afterEach(() => fake.stop());

  it('is left alone for as long as it asks, by whichever header it says so', async () => {
    const soon = Math.ceil(Date.now() / 1000) + 90;
    const answers = [
      [{ status: 429, headers: { 'retry-after': '7' } }, 7000, 7000],
      [{ status: 403, headers: { 'retry-after': '30' } }, 30_000, 30_000],
      [{ status: 403, headers: { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(soon) } }, 60_000, 92_000],
      [{ status: 403, body: { message: 'You have exceeded a secondary rate limit' } }, 60_000, 60_000],
      [{ status: 429, headers: { 'retry-after': 'soon' } }, 60_000, 60_000],
      [{ status: 429, headers: { 'retry-after': '99999999' } }, 3_600_000, 3_600_000],
    ] as const;
    for (const [answer, least, most] of answers) {
      fake.fault = () => answer;
      const fault = await faultOf(forge.setStatus(wanted));
      expect(fault).to.include({ code: 'forge_limited', scope: 'forge' });
      expect(fault.after).to.be.within(least, most);
    }
  });

  it('holds up everything where it fails or refuses the token, and only one repository or commit otherwise', async () => {
    const scopes = {
      401: 'forge',
      403: 'repository',
      404: 'repository',
      422: 'status',
      500: 'forge',
      503: 'forge',
    } as const;
    for (const [status, scope] of Object.entries(scopes)) {
      fake.fault = () => ({ status: Number(status), body: { message: 'for a reason' } });
      const fault = await faultOf(forge.setStatus(wanted));
      expect(fault.scope, status).to.equal(scope);
      expect(fault.message).to.include(`answers ${status} "for a reason" to setting a status of acme/app`);
    }
  });

  it('never gets the token to another address by a redirect', async () => {
    const other = await FakeForge.start('github');
    try {
      for (const status of [301, 302, 307, 308]) {
        fake.fault = () => ({ status, headers: { location: `${other.api}/repos/acme/app/statuses/${sha}` } });
        expect(await faultOf(forge.setStatus(wanted))).to.include({ code: 'forge_refused', scope: 'repository' });
      }
      expect(other.requests).to.deep.equal([]);
    } finally {
      await other.stop();
    }
  });

  it('is not believed where a proxy answers in its name', async () => {
    for (const body of ['<html>Sign in</html>', '{"state":"success"}', '[]', 'null']) {
      fake.fault = () => ({ status: 201, body });
      expect(await faultOf(forge.setStatus(wanted)), body).to.include({ code: 'forge_refused' });
    }
  });

  it('cannot fill the memory, or put its token or control characters into a message', async () => {
    fake.fault = () => ({ status: 401, body: { message: `no ${forgeToken}\r\n\u001b[2J${'x'.repeat(3_000_000)}` } });
    const long = await faultOf(forge.setStatus(wanted));
    expect(long.message.length).to.be.below(300);
    fake.fault = () => ({ status: 401, body: { message: `no ${forgeToken}\r\n\u001b[2J${'x'.repeat(3000)}` } });
    const { message, remedy } = await faultOf(forge.setStatus(wanted));
    expect(message + remedy)
      .to.include('no *** [2Jxx')
      .and.not.include(forgeToken);
    expect(message.length).to.be.below(400);
  });

  it('keeps its token out of messages also in the forms of headers, which proxies show in errors', async () => {
    const user = 'volt:the-password';
    for (const [kind, token, header] of [
      ['azure', forgeToken, `:${forgeToken}`],
      ['gerrit', user, user],
    ] as const) {
      const sent = `Basic ${Buffer.from(header).toString('base64')}`;
      fake.fault = () => ({
        status: 400,
        body: { message: `bad header ${sent} of ${token}, ${token.split(':').at(-1)}` },
      });
      const one = forgeAt({ kind, api: fake.api, token });
      const { message } = await faultOf(one.checkProject('org/acme/app'));
      expect(message, kind).to.include('bad header Basic *** of ***, ***');
    }
  });

  it('is away where nothing answers, or not in time', async () => {
    const quick = forgeAt({ kind: 'github', api: fake.api, token: forgeToken }, 50);
    fake.fault = () => 'hang';
    const late = await faultOf(quick.setStatus(wanted));
    expect(late).to.include({ code: 'forge_unreachable', scope: 'forge' });
    expect(late.message).to.include('no answer within 0.05 s');
    const gone = forgeAt({ kind: 'github', api: 'http://127.0.0.1:1', token: forgeToken });
    expect((await faultOf(gone.setStatus(wanted))).message).to.include('127.0.0.1:1 does not answer: ECONNREFUSED');
  });
});
