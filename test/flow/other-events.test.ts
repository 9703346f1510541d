import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import type { Build, BuildId } from '../../src/kernel/model.ts';
import type { BuildEvent } from '../../src/queues/messages.ts';
import { searchBuilds } from '../../src/record/build-search.ts';
import { findBuild, listBuilds } from '../../src/record/builds.ts';
import { cursorsOf } from '../../src/record/cursors.ts';
import { requestEvent } from '../../src/record/event-requests.ts';
import { addForge } from '../../src/record/forges.ts';
import { openTriggers } from '../../src/record/intents.ts';
import { changeRepository, findRepository } from '../../src/record/repositories.ts';
import { administrator } from '../../src/record/visibility.ts';
import { isIsolable } from '../support/isolation.ts';
import { TestRepository } from '../support/repository.ts';
import { until } from '../support/until.ts';
import { TestVolt } from '../support/volt.ts';

/** What each workflow prints of the event that has started it. */
const show = `jobs:
  show:
    runs-on: ubuntu-latest
    steps:
      - env:
          TITLE: "\${{ github.event.issue.title || github.event.release.name }}"
          BODY: "\${{ github.event.comment.body }}"
        run: |
          echo "$GITHUB_EVENT_NAME \${{ github.event.action }} by $GITHUB_ACTOR at $GITHUB_REF $GITHUB_SHA"
          echo "ref=\${{ github.event.ref_type }} \${{ github.event.ref }} head=$GITHUB_HEAD_REF base=$GITHUB_BASE_REF"
          echo "pull=\${{ github.event.number }} \${{ github.event.pull_request.head.sha }}"
          echo "group=\${{ github.event.merge_group.base_ref }} \${{ github.event.merge_group.base_sha }}"
          printf 'title=%s body=%s.' "$TITLE" "$BODY" | od -An -c | tr -d ' \\n'
`;
const files = {
  '.github/workflows/push.yml': `on: push\njobs: { push: { runs-on: ubuntu-latest, steps: [{ run: 'true' }] } }\n`,
  '.github/workflows/issues.yml': `on: { issues: { types: [opened, labeled] } }\n${show}`,
  '.github/workflows/comments.yml': `on: { issue_comment: { types: [created] } }\n${show}`,
  '.github/workflows/target.yml': `on: { pull_request_target: { branches: [main], paths: ['src/**'] } }\n${show}`,
  '.github/workflows/refs.yml': `on: [create, delete]\n${show}`,
  '.github/workflows/queue.yml': `on: merge_group\n${show}`,
  '.github/workflows/releases.yml': `on: { release: { types: [published] } }\n${show}`,
};

describe('the workflows of the default branch', function () {
  this.timeout(120_000);
  let volt: TestVolt;
  let repository: TestRepository;

  before(async () => {
    volt = await TestVolt.startAll({}, { slots: 2 });
    repository = new TestRepository(files, { name: 'events' });
    repository.git('tag', 'v1');
    repository.commit('after the release', { README: '' });
    await volt.observe(repository.path, { branches: ['main', 'topic/*'], pullRequests: 'approved', pollSeconds: 1 });
    await volt.build(repository.head());
    const seen = async () => (await findRepository(volt.context.database, 'events'))?.branchesSeen;
    await until('the branches that are there are known', seen);
  });

  after(async () => {
    await volt.stop();
    repository.remove();
  });

  const forge = (event: 'issues' | 'issue_comment' | 'release', action: string, payload: object) =>
    ({ name: 'forge', event, action, payload }) as BuildEvent;

  async function request(event: BuildEvent, ref: string | null = null): Promise<void> {
    const { database, queues, config } = volt.context;
    expect(await requestEvent(database, 'events', { ref, event, isByStranger: ref === null })).to.equal(true);
    await queues.sendObserve(config.host, { v: 1, repo: 'events', cause: 'hook' });
  }

  async function watch(branches: string[]): Promise<void> {
    const { database, queues, config } = volt.context;
    await changeRepository(database, 'events', { branches });
    await queues.sendObserve(config.host, { v: 1, repo: 'events', cause: 'person' });
  }

  const builds = () => listBuilds(volt.context.database, { repo: 'events', limit: 50 });

  /** The build that an event makes, once it is over. */
  async function built(event: BuildEvent, ref: string | null = null): Promise<Build> {
    const [build] = await madeBy(() => request(event, ref));
    return build as Build;
  }

  /** The builds that something makes, once that many are over, oldest first. */
  async function madeBy(work: () => unknown, count = 1): Promise<Build[]> {
    const before = new Set((await builds()).map(({ id }) => id));
    await work();
    const made = await until(
      `${count} builds are over`,
      async () => {
        const over = (await builds()).filter(({ id, finishedAt }) => !before.has(id) && finishedAt !== null);
        return over.length >= count && over.reverse();
      },
      60_000,
    );
    return Promise.all(made.map(async ({ id }) => (await findBuild(volt.context.database, id)) as Build));
  }

  const logOf = ({ id, jobs }: Build) =>
    readFileSync(join(volt.dataDir, 'logs', id, `${jobs[0]?.id}.1.log`), 'utf8').replaceAll('\r', '');

  const issue = { number: 3, title: 'it fails' };
  const comment = { body: 'x' };
  const scenarios: {
    event: BuildEvent;
    ref?: string;
    /** the ref and what the job prints of the event */
    runs: { ref: string; says: string };
  }[] = [
    {
      event: forge('issues', 'opened', { issue, sender: { login: 'eve' } }),
      runs: { ref: 'refs/heads/main', says: 'issues opened by eve at refs/heads/main' },
    },
    {
      event: forge('issue_comment', 'created', { issue, comment, sender: { login: 'eve' } }),
      runs: { ref: 'refs/heads/main', says: 'issue_comment created by eve at refs/heads/main' },
    },
    {
      event: forge('release', 'published', { release: { name: 'it fails' }, sender: { login: 'ada' } }),
      ref: 'refs/tags/v1',
      runs: { ref: 'refs/tags/v1', says: 'release published by ada at refs/tags/v1' },
    },
  ];
  for (const { event, ref, runs } of scenarios) {
    it(`run for ${'event' in event ? event.event : event.name}, and nothing else does`, async () => {
      const build = await built(event, ref);
      expect(build).to.include({ status: 'success', trigger: 'event', ref: runs.ref });
      expect(build.sha).to.equal(repository.git('rev-parse', `${runs.ref}^{commit}`));
      expect(build.jobs.map(({ name }) => name)).to.deep.equal(['show']);
      expect(logOf(build)).to.include(`${runs.says} ${build.sha}`).and.include('title=itfails');
    });
  }

  it('are named by what Volt waits for', async () => {
    expect((await findRepository(volt.context.database, 'events'))?.awaited).to.have.deep.members([
      ...[{ event: 'create' }, { event: 'delete' }],
      { event: 'pull_request_target', types: ['opened', 'synchronize', 'reopened'] },
      { event: 'issue_comment', types: ['created'] },
      { event: 'issues', types: ['opened', 'labeled'] },
      { event: 'release', types: ['published'] },
    ]);
  });

  it('get a comment as it is: nothing in it is an expression, a line of its own or a command', async () => {
    const body = '${{ github.token }}$(id)\r\n::error::x\nA=b';
    const build = await built(forge('issue_comment', 'created', { issue, comment: { body } }));
    expect(build.status).to.equal('success');
    expect(logOf(build)).to.include('body=${{github.token}}$(id)\\r\\n::error::x\\nA=b.');
    expect(build.jobs[0]?.steps.flatMap(({ annotations }) => annotations)).to.deep.equal([]);
  });

  it('run for a branch that is made, at its commit, and for one that is deleted, on the default branch', async () => {
    const [pushed, made] = await madeBy(() => repository.git('branch', 'topic/a'), 2);
    expect([pushed?.trigger, made?.trigger, made?.ref]).to.deep.equal(['commit', 'event', 'refs/heads/topic/a']);
    expect(logOf(made as Build))
      .to.include('create  by')
      .and.include('ref=branch topic/a');
    const [deleted] = await madeBy(() => repository.git('branch', '-D', 'topic/a'));
    expect(deleted).to.include({ status: 'success', ref: 'refs/heads/main', sha: repository.head() });
    expect(logOf(deleted as Build))
      .to.include('delete  by')
      .and.include('ref=branch topic/a');
  });

  it('do not run for branches that Volt begins to watch', async () => {
    repository.git('branch', 'other/a');
    const [pushed] = await madeBy(() => watch(['main', 'topic/*', 'other/*']));
    expect(pushed).to.include({ ref: 'refs/heads/other/a', trigger: 'commit' });
    const open = async () => (await openTriggers(volt.context.database, 'events')).length;
    expect(await open()).to.equal(0);
    await watch(['main', 'topic/*']);
    await until(
      'the branch counts as gone',
      async () => (await cursorsOf(volt.context.database, 'events')).get('refs/heads/other/a')?.absent,
    );
    expect(await open()).to.equal(0);
  });

  it('run for a merge group of GitHub, isolated, and its message cannot skip it, as the pull request must be tested', async function () {
    if (!(await isIsolable('sandbox'))) this.skip();
    const { database, config } = volt.context;
    const base = repository.head();
    const elsewhere = `refs/heads/gh-readonly-queue/main/pr-6-${base}`;
    repository.git('update-ref', elsewhere, base);
    await madeBy(() => repository.git('branch', 'topic/b'), 2);
    expect((await builds()).filter(({ ref }) => ref === elsewhere)).to.deep.equal([]);
    repository.git('update-ref', '-d', elsewhere);
    const forge = { name: 'hub', kind: 'github', token: 'x', repos: ['events=acme/events'] } as const;
    await addForge(database, config, { ...forge, repos: [...forge.repos], createdBy: 'owner' });
    await volt.runner({ name: 'closed', isolation: 'sandbox' });
    repository.git('checkout', '--quiet', '--detach');
    const head = repository.commit('Merge pull request #7 [skip ci]', { 'src/group.txt': '' });
    repository.git('checkout', '--quiet', 'main');
    const ref = `refs/heads/gh-readonly-queue/main/pr-7-${base}`;
    const [build] = await madeBy(() => repository.git('update-ref', ref, head));
    expect(build).to.include({ status: 'success', trigger: 'commit', ref, sha: head });
    expect(build?.jobs.map(({ name, runner }) => [name, runner])).to.deep.equal([['show', 'closed']]);
    expect(logOf(build as Build)).to.include(`merge_group checks_requested by`);
    expect(logOf(build as Build)).to.include(`group=refs/heads/main ${base}`);
  });

  describe('for pull requests', () => {
    const point = (number: number, sha: string) => repository.git('update-ref', `refs/pull/${number}/head`, sha);
    /** A commit of a fork, which changes how it is tested. */
    function fork(path: string, text = ''): string {
      repository.git('checkout', '--quiet', '--detach', 'main');
      const sha = repository.commit('a change', {
        [path]: text,
        '.github/workflows/target.yml': 'on: push\njobs: {}\n',
      });
      repository.git('checkout', '--quiet', 'main');
      return sha;
    }
    const targeted = async () => (await builds()).filter(({ message }) => message?.includes('pull_request_target'));

    it('run as they are there, before anybody has approved a fork, with what git tells of it', async () => {
      const head = fork('src/a.txt');
      const [build] = await madeBy(() => point(7, head));
      expect(build).to.include({ status: 'success', trigger: 'event', ref: 'refs/heads/main', sha: repository.head() });
      expect(build?.pullRequest).to.equal(null);
      const log = logOf(build as Build);
      expect(log).to.include('pull_request_target opened by').and.include(`at refs/heads/main ${repository.head()}`);
      expect(log).to.include(`pull=7 ${head}`).and.include('head= base=main');
    });

    it('run for a newer head, and not where a filter excludes what it changes', async () => {
      const [build] = await madeBy(() => point(7, fork('src/b.txt')));
      expect(logOf(build as Build)).to.include('pull_request_target synchronize by');
      const count = (await targeted()).length;
      point(8, fork('other.txt'));
      await until(
        'the pull request waits for approval',
        async () =>
          (
            await searchBuilds(
              volt.context.database,
              { reader: administrator, repos: ['events'], pull: 8 },
              { limit: 1 },
            )
          ).length > 0,
      );
      const asked = () =>
        volt.context.database.db
          .selectFrom('intents')
          .select('closed_at')
          .where('event', 'like', '%"number":8,%')
          .execute();
      await until('the request is closed', async () => {
        const requests = await asked();
        return requests.length > 0 && requests.every((request) => request.closed_at !== null);
      });
      expect(await targeted()).to.have.length(count);
    });

    it('end for an earlier head when there is a newer one', async () => {
      // only this pull request starts it, also if requests of the others are answered late
      const slow = `on: { pull_request_target: { paths: [src/c.txt] } }\njobs: { show: { runs-on: ubuntu-latest, steps: [{ run: exec sleep 300 }] } }\n`;
      const buildFor = (head: string) =>
        volt.context.database.db
          .selectFrom('builds')
          .select(['id', 'status'])
          .where('event', 'like', `%"head":"${head}"%`)
          .executeTakeFirst();
      await volt.build(repository.commit('slow', { '.github/workflows/target.yml': slow }));
      const earlier = fork('src/c.txt');
      point(9, earlier);
      const running = await until('the first runs', async () => {
        const build = await buildFor(earlier);
        return build?.status === 'running' && { id: String(build.id) as BuildId };
      });
      await volt.build(
        repository.commit('quick', { '.github/workflows/target.yml': files['.github/workflows/target.yml'] }),
      );
      const newer = fork('src/d.txt');
      point(9, newer);
      await until('the newer one has passed', async () => (await buildFor(newer))?.status === 'success', 60_000);
      const first = await until(
        'the earlier one has ended',
        async () => {
          const found = await findBuild(volt.context.database, running.id);
          return found?.finishedAt && found;
        },
        60_000,
      );
      expect(first).to.include({ status: 'cancelled', reason: 'superseded' });
    });
  });

  it('do not run for what none of them waits for, which makes no build', async () => {
    const before = (await builds()).length;
    await request(forge('issue_comment', 'deleted', { issue, comment }));
    const open = async () => (await openTriggers(volt.context.database, 'events')).length;
    await until('the request is closed', async () => (await open()) === 0);
    expect(await builds()).to.have.length(before);
  });
});
