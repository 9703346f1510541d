import { expect } from 'chai';
import type { ForgeFault } from '../../src/forge/fault.ts';
import { forgeAt } from '../../src/forge/kinds.ts';
import { type ForgeKind, forgeKinds } from '../../src/kernel/forge-kinds.ts';
import { FakeForge, forgeToken } from '../support/fake-forge.ts';
import { fakePull } from '../support/fake-pull-requests.ts';

describe('pull requests of a project', () => {
  let fake: FakeForge;
  afterEach(() => fake.stop());

  const at = async (kind: ForgeKind) => {
    fake = await FakeForge.start(kind);
    fake.token = kind === 'gerrit' ? 'volt:password' : forgeToken;
    const project = kind === 'azure' ? 'org/acme/app' : 'acme/app';
    fake.projects = [project];
    return { forge: forgeAt({ kind, api: fake.api, token: fake.token }), project };
  };

  const common = { title: 'Mend it', body: 'What and why', draft: false, labels: ['bug'], author: 'ada' };
  const facts = { ...common, headRef: 'topic', headRepo: 'ada/app', isOpen: true, merged: false };
  const url = 'https://git.example/pulls/7';
  /** What a forge does not tell, or says in another way. */
  const told: { [K in ForgeKind]: object } = {
    github: { merged: null, url },
    gitea: { merged: null, url },
    forgejo: { merged: null, url },
    gitlab: { headRepo: null, url },
    bitbucket: { labels: null, url },
    'bitbucket-dc': { labels: null, url },
    azure: { url: null },
    gerrit: { body: null, headRef: null, headRepo: null, url: null },
    pagure: { draft: null, url },
  };

  for (const kind of Object.keys(forgeKinds) as ForgeKind[]) {
    it(`are listed by ${kind} with all that it tells of them, page by page`, async () => {
      const { forge, project } = await at(kind);
      const last = Array.from({ length: 60 }, (_, index) => fakePull({ number: 60 - index }));
      fake.pulls = [
        fakePull({ number: 7, title: 'Mend it', updatedAt: '2026-01-02T03:04:05Z' }),
        fakePull({ number: 8, state: 'merged', baseRef: 'release/1' }),
        ...last,
      ];
      const first = await forge.pullRequests(project, {});
      const [open, merged] = first?.pulls ?? [];
      expect(open).to.deep.equal({
        ...{ number: 7, updatedAt: Date.parse('2026-01-02T03:04:05Z') },
        ...{ head: kind === 'bitbucket' ? null : 'c'.repeat(40), baseRef: 'main' },
        facts: { ...facts, ...told[kind] },
      });
      expect(merged?.baseRef).to.equal('release/1');
      expect(merged?.facts).to.include({ isOpen: false, merged: true });
      expect(first?.pulls).to.have.length(50);
      const second = await forge.pullRequests(project, { page: first?.next });
      expect(second?.pulls.map(({ number }) => number)).to.deep.equal(
        Array.from({ length: 12 }, (_, index) => 12 - index),
      );
      expect(second?.next).to.equal(undefined);
    });
  }

  it('are not sent again by GitHub and GitLab as long as nothing changes', async () => {
    for (const kind of ['github', 'gitlab'] as const) {
      const { forge, project } = await at(kind);
      fake.pulls = [fakePull({ number: 1 })];
      const first = await forge.pullRequests(project, {});
      expect(await forge.pullRequests(project, { etag: first?.etag }), kind).to.equal(undefined);
      fake.pulls = [fakePull({ number: 1, title: 'Another' })];
      expect((await forge.pullRequests(project, { etag: first?.etag }))?.pulls[0]?.facts.title).to.equal('Another');
      if (kind === 'github') await fake.stop();
    }
  });

  it('of the repository itself and of forks are told apart', async () => {
    const { forge, project } = await at('gitlab');
    fake.pulls = [fakePull({ number: 1, headProject: project }), fakePull({ number: 2 })];
    const listed = await forge.pullRequests(project, {});
    expect(listed?.pulls.map((pull) => pull.facts.headRepo)).to.deep.equal(['acme/app', null]);
  });

  it('are read as far as they have the documented form, and without what git does not allow in a branch', async () => {
    const { forge, project } = await at('github');
    const odd = { number: 3, title: 5, head: { ref: 'a..b', sha: 'short' }, base: { ref: 'x~1' }, state: 'open' };
    fake.fault = () => ({ status: 200, body: [null, 7, { number: -1 }, odd] });
    const listed = await forge.pullRequests(project, {});
    expect(listed?.pulls).to.have.length(1);
    expect(listed?.pulls[0]).to.deep.include({ number: 3, head: null, baseRef: null });
    expect(listed?.pulls[0]?.facts).to.include({ title: null, headRef: null, isOpen: true });
  });

  it('fill no memory, however long their descriptions are', async () => {
    const { forge, project } = await at('github');
    fake.pulls = [fakePull({ number: 1, body: 'x'.repeat(50_000) })];
    expect((await forge.pullRequests(project, {}))?.pulls[0]?.facts.body).to.have.length(10_000);
    fake.pulls = Array.from({ length: 50 }, (_, index) => fakePull({ number: index + 1, body: 'x'.repeat(100_000) }));
    const fault: ForgeFault = await forge.pullRequests(project, {}).then(
      () => expect.fail('it was read'),
      (error) => error,
    );
    expect(fault.code).to.equal('forge_refused');
  });
});
