import { duration } from '../../../kernel/times.ts';
import { hideCredentials } from '../../../kernel/urls.ts';
import type { ObservedRepository } from '../../../record/repositories.ts';
import { Age, Fact } from '../parts.tsx';
import { Words } from '../words.tsx';
import { type Setting, settingFields } from './setting-fields.ts';

interface Shown {
  repository: ObservedRepository;
}

/** Where a repository is, and when Volt checks it. */
export function Checks({ repository, now }: Shown & { now: number }) {
  const { url, host, observedAt, notice } = repository;
  return (
    <>
      <dl class="facts">
        <Fact name="Address">
          {hideCredentials(url)}
          {host !== null && ` on ${host}`}
        </Fact>
        <Fact name="Last checked">
          {observedAt === null ? 'never' : <Age time={observedAt} now={now} />}; {nextCheck(repository, now)}
        </Fact>
      </dl>
      {notice !== null && (
        <p>
          <Words text={notice} />
        </p>
      )}
    </>
  );
}

function nextCheck({ observedAt, pollSeconds, retryAt }: ObservedRepository, now: number): string {
  const next = retryAt !== null ? Date.parse(retryAt) : Date.parse(observedAt ?? '') + pollSeconds * 1000;
  return next > now ? `next check in ${duration(next - now)}` : 'next check now';
}

/** The settings of a repository, for those who may not change them. */
export function SettingFacts({ repository }: Shown) {
  const { branches, tags, defaultBranch, pollSeconds, command, image, runners, reports, filter, env } = repository;
  const labels = repository.pullRequestLabels;
  const facts: [string, string][] = [
    ['Branches', branches.join(', ') || `the default branch${defaultBranch === null ? '' : ` (${defaultBranch})`}`],
    ['Tags', tags.join(', ') || 'none'],
    ['Commits', chosen('commits', repository)],
    ['Checked every', pollSeconds < 60 ? `${pollSeconds} s` : duration(pollSeconds * 1000)],
    ['Runs', command ?? 'workflow files, else auto-detected tests'],
    ['Container image', image ?? 'none: tests run on the machine of the runner'],
    ['Runners', runners.length === 0 ? 'any with the labels of the job' : `only with ${runners.join(', ')}`],
    ['Environment variables', Object.keys(env).join(', ') || 'none'],
    ['Test reports', reports.join(', ') || 'auto-detected'],
    ['Pull requests', pullRequestsText(repository)],
    ...(labels === null ? [] : [['Runners for pull requests', labelsText(labels)] satisfies [string, string]]),
    ['Fetched', filter === null ? 'all files' : `with the filter ${filter}`],
    ...projectFacts(repository),
    ['Visible to', chosen('visibility', repository)],
  ];
  return (
    <dl class="facts">
      {facts.map(([name, value]) => (
        <Fact name={name}>{value}</Fact>
      ))}
    </dl>
  );
}

/** The words of what is chosen. */
function chosen(setting: Setting, repository: ObservedRepository): string {
  const { control } = settingFields[setting];
  const value = String(repository[setting]);
  return control.kind === 'choice' ? (control.choices[value] ?? value) : value;
}

function pullRequestsText(repository: ObservedRepository): string {
  const { pullRequests, pullRequestCheckout, pullRequestRebuild, pullRequestRefs } = repository;
  if (pullRequests === 'none') return 'none';
  return [
    chosen('pullRequests', repository),
    chosen('pullRequestCheckout', repository),
    ...(pullRequestRebuild && pullRequestCheckout === 'merge' ? ['built again when that moves'] : []),
    ...(pullRequestRefs === null ? [] : [pullRequestRefs]),
  ].join('; ');
}

function labelsText(labels: readonly string[]): string {
  return labels.length === 0 ? 'those without labels' : `those with ${labels.join(', ')} at most`;
}

function projectFacts({ project }: ObservedRepository): [string, string][] {
  const pages = Object.entries(project).map(([name, address]) => `${name}: ${address}`);
  return pages.length === 0 ? [] : [['Pages of the project', pages.join(', ')]];
}
