import type { Mirror } from '../git/mirror/mirror.ts';
import type { UpdateOptions } from '../git/mirror/update.ts';
import type { RemoteRefs } from '../git/remote/remote-refs.ts';
import { asVoltError } from '../kernel/errors.ts';
import { buildEvent, type CommitMessage } from '../queues/messages.ts';
import { fittingCommit } from '../queues/queues.ts';
import type { StageContext } from '../queues/stage.ts';
import type { Database } from '../record/database.ts';
import { failIntent, type Intent } from '../record/intents.ts';
import { openPullRequests } from '../record/pull-requests.ts';
import type { ObservedRepository } from '../record/repositories.ts';
import { type Activity, type ActivityHead, activityHead, notBuilt } from './activity-head.ts';
import { baseCandidates, toldBase } from './base-branch.ts';
import type { ForgeLists } from './forge-lists.ts';
import { boundedOptions, type PullRequestHeads } from './pull-request-heads.ts';
import { pullRequestMessage } from './pull-request-messages.ts';
import { type Attach, mostOpen } from './pull-requests.ts';
import { targetMessage } from './targeted-pull-requests.ts';
import { allWithWorkflows } from './workflow-files.ts';

interface Found {
  remote: RemoteRefs;
  refs: ReadonlyMap<string, string>;
  lists: ForgeLists;
  heads: PullRequestHeads;
  options: UpdateOptions;
  attach: Attach;
}

/** @returns undefined for what a person or a schedule asks for */
export function activityOf({ event }: Intent): Activity | undefined {
  const read = buildEvent.nullable().parse(event);
  return read?.name === 'pull_request' || read?.name === 'pull_request_target' ? read : undefined;
}

/**
 * Answers what has happened to pull requests, one after the other, as long as there is time: whoever has made one may change its
 * title as often as he likes.
 * @param triggers further ones are left out
 * @param from.longest milliseconds after which the others wait for the next poll
 */
export async function answerActivities(
  context: StageContext & { database: Database },
  triggers: readonly Intent[],
  { longest, ...from }: { repository: ObservedRepository; mirror: Mirror; longest: number },
  found: Found,
): Promise<void> {
  const until = performance.now() + longest;
  let answered = 0;
  for (const trigger of triggers) {
    const activity = activityOf(trigger);
    if (!activity) continue;
    if (answered++ > 0 && performance.now() > until) return;
    await answerActivity(context, trigger, activity, from, found);
  }
}

/**
 * Sends what has happened to a pull request, with its head or the commit of the default branch. Where that cannot run anything, the
 * request is closed; while the head is on its way, it stays open.
 */
async function answerActivity(
  { config, database, queues }: StageContext & { database: Database },
  trigger: Intent,
  event: Activity,
  { repository, mirror }: { repository: ObservedRepository; mirror: Mirror },
  found: Found,
): Promise<void> {
  const { remote, attach, heads } = found;
  const options = boundedOptions(found.options, config);
  try {
    const pull = await activityHead(database, event, repository, { remote, options });
    if (!(await heads.require(repository.name, mirror, pull, options))) return;
    const from = { repository, mirror };
    const message =
      event.name === 'pull_request_target'
        ? await targetMessage(event, pull, from, { ...found, options })
        : await headMessage(database, event, pull, from, { ...found, options });
    const asked: CommitMessage = { ...message, event, intent: trigger.id };
    const messages = await allWithWorkflows(mirror, repository, [asked], remote.defaultBranch, options);
    await queues.sendCommits((await attach(message.ref, messages)).map(fittingCommit));
  } catch (error) {
    await failIntent(database, trigger.id, asVoltError(error));
  }
}

/** The message of a pull request's head, which is in the mirror. */
async function headMessage(
  database: Database,
  event: Activity,
  { headRef, ...pull }: ActivityHead,
  { repository, mirror }: { repository: ObservedRepository; mirror: Mirror },
  { remote, refs, lists, options }: Pick<Found, 'remote' | 'refs' | 'lists' | 'options'>,
): Promise<CommitMessage> {
  const { number } = pull;
  const { others: open } = await openPullRequests(database, repository.name);
  if (open.size >= mostOpen && !open.has(number))
    throw notBuilt(event, `${open.size} pull requests have an open build`);
  const told = await lists.about(repository, [pull]);
  const base = toldBase(remote, told.get(number));
  const candidates = base ? [base] : baseCandidates(remote, refs);
  await mirror.follow(new Map(candidates.map((each) => [`refs/heads/${each.name}`, each.sha])), options);
  const about = { cursor: undefined, candidates, headRef, options };
  const tested = { ...pull, before: null, same: headRef !== null };
  const { cursor: _, ...message } = await pullRequestMessage(mirror, repository, tested, about);
  if (message.skip !== undefined) throw notBuilt(event, `its commit message contains "${message.skip}"`);
  if (message.pullRequest?.conflicts) throw notBuilt(event, 'it conflicts with its base');
  return message;
}
