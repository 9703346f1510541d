import type { Context } from 'hono';
import { serverNow } from '../../../kernel/server-time.ts';
import { duration } from '../../../kernel/times.ts';
import { hideCredentials } from '../../../kernel/urls.ts';
import { linksOf } from '../../../record/project-links.ts';
import type { ObservedRepository } from '../../../record/repositories.ts';
import type { WebEnv } from '../../access/env.ts';
import { may } from '../../access/permission.ts';
import { readRepository } from '../../access/readable.ts';
import type { Web } from '../../services.ts';
import { Age, Fact } from '../parts.tsx';
import { PullRequestForm, pullRequestWords } from '../pull-request-form.tsx';
import { readers, VisibilityForm } from '../visibility.tsx';
import { answerRepositoryPage } from './frame.tsx';

/** `/repos/:name/settings`: how a repository is watched and tested. */
export async function settingsPage(context: Context<WebEnv>, web: Web): Promise<Response> {
  const repository = await readRepository(web.database, context.get('reader'), context.req.param('name') ?? '');
  const projects = await linksOf(web.database, [repository.name]);
  return answerRepositoryPage(context, web, {
    repository,
    page: 'settings',
    links: projects.get(repository.name),
    content: (
      <>
        <section id="settings" data-live="">
          <Settings repository={repository} now={serverNow()} />
        </section>
        {/* outside of the live sections, so that it is not redrawn while a person chooses */}
        {may(context, 'admin') && (
          <section class="forms">
            <VisibilityForm repository={repository} />
            <PullRequestForm repository={repository} />
          </section>
        )}
      </>
    ),
  });
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
