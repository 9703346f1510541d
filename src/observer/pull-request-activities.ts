import type { Mirror } from '../git/mirror/mirror.ts';
import type { UpdateOptions } from '../git/mirror/update.ts';
import type { RemoteRefs } from '../git/remote/remote-refs.ts';
import { asVoltError, VoltError } from '../kernel/errors.ts';
import { type BuildEvent, buildEvent, type CommitMessage } from '../queues/messages.ts';
import { fittingCommit } from '../queues/queues.ts';
import type { StageContext } from '../queues/stage.ts';
import type { Database } from '../record/database.ts';
import { failIntent, type Intent } from '../record/intents.ts';
import { openPullRequests, seenPullRequests } from '../record/pull-requests.ts';
import type { ObservedRepository } from '../record/repositories.ts';
import { baseCandidates, toldBase } from './base-branch.ts';
import type { ForgeLists } from './forge-lists.ts';
import { boundedOptions } from './pull-request-heads.ts';
import { pullRequestMessage } from './pull-request-messages.ts';
import { type Attach, mostOpen } from './pull-requests.ts';
import { targetMessage } from './targeted-pull-requests.ts';
import { allWithWorkflows } from './workflow-files.ts';

/** Something that has happened to a pull request, such as a label, which its workflows or those of the default branch may wait for. */
export type Activity = Extract<BuildEvent, { name: 'pull_request' | 'pull_request_target' }>;

interface Found {
  remote: RemoteRefs;
  refs: ReadonlyMap<string, string>;
  lists: ForgeLists;
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
 * request is closed.
 */
async function answerActivity(
  { config, database, queues }: StageContext & { database: Database },
  trigger: Intent,
  event: Activity,
  { repository, mirror }: { repository: ObservedRepository; mirror: Mirror },
  found: Found,
): Promise<void> {
  const { remote, attach } = found;
  const options = boundedOptions(found.options, config);
  try {
    const message =
      event.name === 'pull_request_target'
        ? await targetMessage(database, event, { repository, mirror }, { ...found, options })
        : await headMessage(database, event, { repository, mirror }, { ...found, options });
    const asked: CommitMessage = { ...message, event, intent: trigger.id };
    const messages = await allWithWorkflows(mirror, repository, [asked], remote.defaultBranch, options);
    await queues.sendCommits((await attach(message.ref, messages)).map(fittingCommit));
  } catch (error) {
    await failIntent(database, trigger.id, asVoltError(error));
  }
}

/** The message of a pull request's head. */
async function headMessage(
  database: Database,
  event: Activity,
  { repository, mirror }: { repository: ObservedRepository; mirror: Mirror },
  { remote, refs, lists, options }: Pick<Found, 'remote' | 'refs' | 'lists' | 'options'>,
): Promise<CommitMessage> {
  const { name, pullRequests } = repository;
  const seen = (await seenPullRequests(database, name, [event.number])).get(event.number);
  if (!seen || pullRequests === 'none') throw notBuilt(event, 'Volt builds no such pull request');
  const { ref, sha: head } = await mirror.find(seen.ref, options);
  const branch = [...remote.heads].find(([, sha]) => sha === head)?.[0];
  // others would wait for a person's approval, which is for the head and not for what happens to it
  const same = branch !== undefined;
  if (!same && pullRequests !== 'all') throw notBuilt(event, 'its head is no branch of the repository');
  const { others: open } = await openPullRequests(database, name);
  if (open.size >= mostOpen && !open.has(event.number))
    throw notBuilt(event, `${open.size} pull requests have an open build`);
  const told = await lists.about(repository, [{ number: event.number, head }]);
  const base = toldBase(remote, told.get(event.number));
  const candidates = base ? [base] : baseCandidates(remote, refs);
  await mirror.follow(new Map(candidates.map((each) => [`refs/heads/${each.name}`, each.sha])), options);
  const pull = { number: event.number, ref, head, before: null, same };
  const headRef = branch?.slice('refs/heads/'.length) ?? null;
  const about = { cursor: undefined, candidates, headRef, options };
  const { cursor: _, ...message } = await pullRequestMessage(mirror, repository, pull, about);
  if (message.skip !== undefined) throw notBuilt(event, `its commit message contains "${message.skip}"`);
  if (message.pullRequest?.conflicts) throw notBuilt(event, 'it conflicts with its base');
  return message;
}

function notBuilt({ number, action }: Activity, why: string): VoltError {
  return new VoltError('conflict', `nothing runs for pull request ${number}, ${action}: ${why}`, {
    remedy: 'See which pull requests are built in docs/pull-requests.md.',
  });
}
