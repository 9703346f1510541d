import { isAwaited, isOfStrangers } from '../../kernel/workflow-events.ts';
import type { BuildEvent } from '../../queues/messages.ts';
import { requestEvent } from '../../record/event-requests.ts';
import { openTrigger } from '../../record/intents.ts';
import { notePullRequestFacts } from '../../record/pull-request-facts.ts';
import { seenPullRequests } from '../../record/pull-requests.ts';
import type { ObservedRepository } from '../../record/repositories.ts';
import { atFirstDelivery } from '../../redis/deliveries.ts';
import { announce } from '../requests/announce.ts';
import type { Web } from '../services.ts';
import { commentCall } from './comment-calls.ts';
import { type CommandSender, CommentCommands } from './comment-commands.ts';
import { type EventCall, eventCall } from './event-calls.ts';
import { isOfOwnApp } from './own-events.ts';
import { type PullRequestCall, pullRequestCall } from './pull-request-calls.ts';

interface Sender extends CommandSender {
  repository: ObservedRepository;
}

/** The body of a call whose signature is valid. */
export interface Body {
  text: string;
  /** SHA-256 */
  hash: string;
}

/** Takes from calls of webhooks what git does not show: facts of pull requests, comments, and events that workflows wait for. */
export class ReportedChanges {
  readonly #web: Web;
  readonly #commands: CommentCommands;

  constructor(web: Web) {
    this.#web = web;
    this.#commands = new CommentCommands(web);
  }

  /** Notes what the body says, then polls: a build that the poll makes has the facts. */
  async note(sender: Sender, body: Body | undefined): Promise<void> {
    const { name: repo, host } = sender.repository;
    if (body) await this.#read(sender, body);
    await announce(this.#web, this.#web.queues.sendObserve(host, { v: 1, repo, cause: 'hook' }));
  }

  async #read(sender: Sender, { text, hash }: Body): Promise<void> {
    const { pullRequests, awaited } = sender.repository;
    const hasPulls = pullRequests !== 'none';
    const [call, comment] = hasPulls ? [pullRequestCall(text), commentCall(text)] : [];
    const event = eventCall(text);
    // only git says whether a tag's own workflows wait for its release
    const isWanted = event && (event.ref !== null || isAwaited(awaited, event.event, event.action));
    if (!call && !comment && !isWanted) return;
    const { database, access } = this.#web;
    const repo = sender.repository.name;
    await atFirstDelivery(access, { repo, hash }, async () => {
      const isOwn = await isOfOwnApp(database, sender.repository, text);
      if (comment) await this.#commands.obey(sender, comment);
      if (call) await this.#notePullRequest(sender, call, isOwn);
      // last: if anything fails, the forge calls again, and all but this may be done twice
      if (isWanted && !isOwn) await this.#request(repo, event);
    });
  }

  async #notePullRequest({ repository }: Sender, call: PullRequestCall, isOwn: boolean): Promise<void> {
    const { database } = this.#web;
    const { name: repo, awaited } = repository;
    const isNewer = await notePullRequestFacts(database, repo, call);
    const { number, activity: action, label } = call;
    const known =
      isNewer && !isOwn && action !== null && (await seenPullRequests(database, repo, [number])).get(number);
    if (!known || action === null) return;
    const about = { number, action, label, head: call.head ?? known.head };
    await openTrigger(database, repo, known.ref, { name: 'pull_request', ...about });
    const event: BuildEvent = { name: 'pull_request_target', ...about, before: null };
    if (isAwaited(awaited, event.name, action))
      await requestEvent(database, repo, { ref: null, event, isByStranger: true });
  }

  async #request(repo: string, { event, action, ref, payload }: EventCall): Promise<void> {
    const { database, logger } = this.#web;
    const asked: BuildEvent = { name: 'forge', event, action, payload };
    if (!(await requestEvent(database, repo, { ref, event: asked, isByStranger: isOfStrangers(event) })))
      logger.warn(`dropped the event ${event} of ${repo}: too many of its events wait`, { repo });
  }
}
