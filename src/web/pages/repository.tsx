import type { Context } from 'hono';
import type { ProjectLinks } from '../../kernel/forge-links.ts';
import { statusWords } from '../../kernel/model.ts';
import { serverNow } from '../../kernel/server-time.ts';
import { duration } from '../../kernel/times.ts';
import { hideCredentials } from '../../kernel/urls.ts';
import { type ObservedRef, observedRefs } from '../../record/branches.ts';
import { listDeployments } from '../../record/deployments.ts';
import { listEnvironments } from '../../record/environments.ts';
import { refusedNotices } from '../../record/outbox.ts';
import { linksOf } from '../../record/project-links.ts';
import type { ObservedRepository } from '../../record/repositories.ts';
import { schedulesOf } from '../../record/schedules.ts';
import { type TrendPoint, trendOf } from '../../record/trends.ts';
import type { WebEnv } from '../access/env.ts';
import { may } from '../access/permission.ts';
import { readRepository } from '../access/readable.ts';
import type { Web } from '../services.ts';
import { ofRepository } from '../status/forge-problems.ts';
import { Chart, type Point } from './chart.tsx';
import { Deployments } from './deployments.tsx';
import { answerPage } from './layout.tsx';
import { Age, At, BuildMark, CommitId, Fact, Problems } from './parts.tsx';
import { PullRequestForm, pullRequestWords } from './pull-request-form.tsx';
import { shortRef } from './sentences.ts';
import { readers, VisibilityForm } from './visibility.tsx';

/** Builds in the charts. */
const charted = 100;
/** Builds that count for the success rate at each point. */
const span = 20;
const mostRefs = 50;
const mostDeployments = 20;

/** `/repos/:name`: charts, branches and settings of a repository. */
export async function repositoryPage(context: Context<WebEnv>, web: Web): Promise<Response> {
  const repository = await readRepository(web.database, context.get('reader'), context.req.param('name') ?? '');
  const { name, error } = repository;
  const [trend, refs, schedules, environments, deployments, refused, projects] = await Promise.all([
    trendOf(web.database, name, charted),
    observedRefs(web.database, name, mostRefs),
    schedulesOf(web.database, name),
    listEnvironments(web.database, name),
    listDeployments(web.database, name, { limit: mostDeployments }),
    refusedNotices(web.database, context.get('reader'), name),
    linksOf(web.database, [name]),
  ]);
  const links = projects.get(name);
  return answerPage(context, web, {
    title: name,
    section: 'repositories',
    content: (
      <article>
        <div class="path">
          <p>
            <a href="/repos">Repositories</a> / {name}
          </p>
          <nav class="neighbours" aria-label={`Builds of ${name}`}>
            <a href={`/?repo=${name}`}>Builds</a>
            <a href={`/?repo=${name}&view=grid`}>Grid</a>
            <a href={`/repos/${name}/tests`}>Tests</a>
            {links?.page !== undefined && <a href={links.page}>{new URL(links.page).host}</a>}
          </nav>
        </div>
        <h1>{name}</h1>
        <Problems
          problems={[
            ...(error === null ? [] : [{ ...error, message: hideCredentials(error.message) }]),
            ...refused.map(ofRepository),
          ]}
        />
        <div id="charts" data-live="">
          <Charts trend={trend} />
        </div>
        <section id="branches" data-live="">
          <h2>Branches and tags</h2>
          <Refs refs={refs} repo={name} links={links} />
        </section>
        <section id="deployments" data-live="">
          {environments.length + deployments.length > 0 && <h2>Environments and deployments</h2>}
          <Deployments environments={environments} deployments={deployments} links={links} now={serverNow()} />
        </section>
        <section id="settings" data-live="">
          <h2>Settings</h2>
          <Settings repository={repository} now={serverNow()} />
        </section>
        {/* outside of the live sections, so that it is not redrawn while a person chooses */}
        {may(context, 'admin') && (
          <section class="forms">
            <VisibilityForm repository={repository} />
            <PullRequestForm repository={repository} />
          </section>
        )}
        {schedules.length > 0 && (
          <section>
            <h2>Schedules</h2>
            <ul class="plain">
              {schedules.map(({ workflow, cron, timezone, nextAt }) => (
                <li>
                  <code>{cron}</code> {timezone ?? 'UTC'} · {workflow} ·{' '}
                  {nextAt === null ? (
                    'no next run'
                  ) : (
                    <>
                      next run <At time={new Date(nextAt).toISOString()} />
                    </>
                  )}
                </li>
              ))}
            </ul>
          </section>
        )}
        <section>
          <h2>Badge</h2>
          <p>
            <img src={`/badge/${name}.svg`} alt={`status of ${name}`} /> <code>{`/badge/${name}.svg`}</code>{' '}
            <span class="faint">
              shows the default branch; add <code>?branch=</code> for another
            </span>
          </p>
        </section>
      </article>
    ),
  });
}

function Charts({ trend }: { trend: TrendPoint[] }) {
  const points = (value: (point: TrendPoint, index: number) => number | null, word: (value: number) => string) =>
    trend.map((point, index): Point => {
      const is = value(point, index);
      const title = `#${point.number} ${statusWords[point.status]}${is === null ? '' : `: ${word(is)}`}`;
      return { value: is, title, href: `/builds/${point.id}`, class: point.status };
    });
  const [first, last] = [trend[0], trend.at(-1)];
  const ends = first && last && first !== last ? { ends: [`#${first.number}`, `#${last.number}`] as const } : {};
  const percent = (share: number) => `${Math.round(share * 100)} %`;
  return (
    <div class="charts">
      <Chart title="Duration" points={points(({ took }) => took, duration)} format={duration} {...ends} />
      <Chart title="Time in queue" points={points(({ waited }) => waited, duration)} format={duration} {...ends} />
      <Chart
        title={`Success rate of ${span} builds`}
        points={points((_, index) => passedShare(trend, index), percent)}
        format={percent}
        top={1}
        {...ends}
      />
      {trend.some(({ tests }) => tests !== null) && (
        <Chart
          title="Tests"
          points={points(({ tests }) => tests, String)}
          format={(count) => String(Math.round(count))}
          {...ends}
        />
      )}
    </div>
  );
}

/** The share of builds that passed. Builds that ended in an error do not count, since the commit did not cause them. */
function passedShare(trend: TrendPoint[], index: number): number | null {
  const judged = trend.slice(Math.max(0, index + 1 - span), index + 1).filter(({ status }) => status !== 'error');
  if (judged.length === 0) return null;
  return judged.filter(({ status }) => status === 'success').length / judged.length;
}

function Refs({ refs, repo, links }: { refs: ObservedRef[]; repo: string; links: ProjectLinks | undefined }) {
  if (refs.length === 0) return <p class="empty">No branches or tags yet.</p>;
  return (
    <table class="refs cards">
      <tbody>
        {refs.map(({ ref, sha, newest }) => (
          <tr>
            <td>{newest ? <BuildMark build={newest} /> : <span class="faint">not built</span>}</td>
            <td class="name">
              {ref.startsWith('refs/heads/') ? (
                <a href={`/?${new URLSearchParams({ repo, branch: shortRef(ref) })}`}>{shortRef(ref)}</a>
              ) : (
                shortRef(ref)
              )}
            </td>
            <td class="commit">
              <span>
                {newest && <a href={`/builds/${newest.id}`}>#{newest.number}</a>}{' '}
                <CommitId sha={sha} at={links?.commit(sha)} /> {newest?.subject}
              </span>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function fetchedPart({ filter }: ObservedRepository): string {
  return filter === null ? 'full history' : `full history, filter ${filter}`;
}

function pullRequestsText(repository: ObservedRepository): string {
  const { pullRequests, pullRequestCheckout, pullRequestRefs, pullRequestLabels: labels } = repository;
  const rebuilds = repository.pullRequestRebuild && pullRequestCheckout === 'merge';
  if (pullRequests === 'none') return 'none';
  const labelled =
    labels && (labels.length === 0 ? 'on runners without labels' : `on runners with ${labels.join(', ')} at most`);
  return [
    pullRequestWords[pullRequests],
    pullRequestCheckout === 'merge' ? 'merged with the base branch' : 'the head alone',
    ...(rebuilds ? ['built again when that moves'] : []),
    ...(pullRequestRefs === null ? [] : [pullRequestRefs]),
    ...(labelled === null ? [] : [labelled]),
  ].join('; ');
}

function projectText(project: ObservedRepository['project']): string {
  return Object.entries(project)
    .map(([name, address]) => `${name}: ${address}`)
    .join(', ');
}

function Settings({ repository, now }: { repository: ObservedRepository; now: number }) {
  const { url, host, branches, tags, defaultBranch, commits, command, reports, pollSeconds, notice } = repository;
  const { project } = repository;
  const facts: [string, string][] = [
    ['URL', `${hideCredentials(url)}${host === null ? '' : ` on ${host}`}`],
    ['Branches', branches.join(', ') || `default branch${defaultBranch === null ? '' : ` (${defaultBranch})`}`],
    ['Tags', tags.join(', ') || 'none'],
    ['Pull requests', pullRequestsText(repository)],
    ['Commits', commits === 'every' ? 'every commit' : 'the newest at each poll'],
    ['Runs', command ?? 'workflow files, else discovered tests'],
    ['Image', repository.image ?? 'none: tests run on the machine of the runner'],
    ['Test reports', reports.join(', ') || 'found automatically'],
    ['Fetched', fetchedPart(repository)],
    [
      'Runners',
      repository.runners.length === 0 ? 'any with the labels of the job' : `only with ${repository.runners.join(', ')}`,
    ],
    ...(Object.keys(project).length === 0 ? [] : [['Project pages', projectText(project)] satisfies [string, string]]),
    ['Variables', Object.keys(repository.env).join(', ') || 'none'],
    ['Visible to', readers[repository.visibility]],
  ];
  return (
    <>
      <dl class="facts">
        {facts.map(([name, value]) => (
          <Fact name={name}>{value}</Fact>
        ))}
        <Fact name="Last checked">
          {repository.observedAt === null ? 'never' : <Age time={repository.observedAt} now={now} />}
          {`, ${nextPoll(repository, now)}`}
        </Fact>
        <Fact name="Poll interval">{pollSeconds < 60 ? `${pollSeconds} s` : duration(pollSeconds * 1000)}</Fact>
      </dl>
      {notice !== null && <p>{notice}</p>}
    </>
  );
}

function nextPoll({ observedAt, pollSeconds, retryAt }: ObservedRepository, now: number): string {
  const next = retryAt !== null ? Date.parse(retryAt) : Date.parse(observedAt ?? '') + pollSeconds * 1000;
  return next > now ? `next check in ${duration(next - now)}` : 'next check now';
}
