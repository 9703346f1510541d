import type { Context } from 'hono';
import { errorText, VoltError } from '../../kernel/errors.ts';
import { repositoryNamePattern } from '../../kernel/names.ts';
import { isAwaited, isOfStrangers } from '../../kernel/workflow-events.ts';
import type { BuildEvent } from '../../queues/messages.ts';
import { requestEvent } from '../../record/event-requests.ts';
import { appWebhookSecret } from '../../record/forges.ts';
import { hookKeysOf } from '../../record/hooks.ts';
import { openTrigger } from '../../record/intents.ts';
import { notePullRequestFacts } from '../../record/pull-request-facts.ts';
import { seenPullRequests } from '../../record/pull-requests.ts';
import { findRepository, type ObservedRepository } from '../../record/repositories.ts';
import { atFirstDelivery } from '../../redis/deliveries.ts';
import type { WebEnv } from '../access/env.ts';
import { type Rate, RateLimiter, rateLimited } from '../access/rate-limit.ts';
import { networkOf } from '../http/network.ts';
import { announce } from '../requests/announce.ts';
import type { Web } from '../services.ts';
import { appCall, repositoriesOf } from './app-calls.ts';
import { BodySlots } from './body-slots.ts';
import { retryChecks } from './check-retries.ts';
import { commentCall, mayBeComment } from './comment-calls.ts';
import { type CommandSender, CommentCommands } from './comment-commands.ts';
import { type EventCall, eventCall, mayBeEvent } from './event-calls.ts';
import { feed, largestBody, tooLarge } from './feed.ts';
import { KeptBody } from './kept-body.ts';
import { mayBeAboutPullRequest, pullRequestCall } from './pull-request-calls.ts';
import { proofIn, Verification } from './signature.ts';

/** Signed calls of one webhook. */
const rate: Rate = { burst: 60, perSecond: 5 };
/** Signed calls of one App: GitHub tells it of each check that it sets, too. */
const appRate: Rate = { burst: 600, perSecond: 50 };
/** Calls of one sender without a valid signature. */
const wrongRate: Rate = { burst: 60, perSecond: 1 };
/** Volt reads bodies about pull requests up to this: GitHub's have some 30 kB. */
const largestRead = 512 * 1024;
/** Bodies that are read at once, of all senders and of one. */
const bodySlots = { all: 32, share: 8 };

/** Answers the calls of webhooks: each makes Volt poll what it is about. */
export class Hooks {
  readonly #web: Web;
  readonly #signed = new RateLimiter(rate);
  readonly #ofApps = new RateLimiter(appRate);
  readonly #wrong = new RateLimiter(wrongRate);
  readonly #bodies = new BodySlots(bodySlots);
  readonly #commands: CommentCommands;

  constructor(web: Web) {
    this.#web = web;
    this.#commands = new CommentCommands(web);
  }

  /**
   * Answers a call about one repository. What has changed is found by the poll. Of the payload only facts about pull requests are
   * stored, which workflows see. Calls without a valid signature use up the limit of the sender's address, never that of the webhook.
   * @throws VoltError `bad_signature`, `rate_limited`, `too_large`, `timed_out`
   */
  async answer(context: Context<WebEnv>, name: string): Promise<Response> {
    const { database, config, guard } = this.#web;
    const repository = repositoryNamePattern.test(name) ? await findRepository(database, name) : undefined;
    const keys = repository && (await this.#keyOf(name, () => hookKeysOf(database, config, name)));
    const own = keys && [guard.hookSecret(name, keys.salt), ...(keys.key === null ? [] : [keys.key])];
    const reads = repository !== undefined && isToBeRead(repository, (key) => context.req.header(key));
    const body = await this.#receive(context, { name, secrets: own ?? [], reads, limiter: this.#signed });
    if (repository) await this.#tell({ repository, address: context.get('source').address }, body);
    return context.json({ repo: name, look: true }, 202);
  }

  /**
   * Answers a call of a GitHub App, which has one webhook for all of its repositories: to each the same happens as by a webhook of its
   * own. GitHub also tells an App that somebody wants a check again.
   * @throws VoltError as `answer`
   */
  async answerApp(context: Context<WebEnv>, forge: string): Promise<Response> {
    const { database, config } = this.#web;
    const read = () => appWebhookSecret(database, config, forge);
    const secret = repositoryNamePattern.test(forge) ? await this.#keyOf(forge, read) : undefined;
    const secrets = secret === undefined ? [] : [secret];
    const body = await this.#receive(context, { name: forge, secrets, reads: true, limiter: this.#ofApps });
    const call = appCall(body?.text);
    const repos: string[] = [];
    if (call.isAboutCheck) await retryChecks(this.#web, context, forge, call, body?.hash ?? '');
    else if (call.project !== undefined) {
      for (const repository of await repositoriesOf(database, forge, call.project)) {
        await this.#tell({ repository, address: context.get('source').address }, body);
        repos.push(repository.name);
      }
    }
    return context.json({ forge, repos }, 202);
  }

  /**
   * Reads a call and checks its signature.
   * @param webhook.secrets one of them proves the call; none if there is no such webhook
   * @param webhook.reads whether the body is wanted
   * @returns the body; undefined where it is not wanted, empty, or larger than Volt reads
   */
  async #receive(
    context: Context<WebEnv>,
    { name, secrets, reads, limiter }: { name: string; secrets: string[]; reads: boolean; limiter: RateLimiter },
  ): Promise<Body | undefined> {
    const sender = networkOf(context.get('source').address);
    if (this.#wrong.isExhausted(sender)) throw tooManyWrong(context, this.#wrong);
    const proof = proofIn((key) => context.req.header(key));
    // the answer does not reveal whether the webhook exists
    if (secrets.length === 0 || !proof) {
      this.#wrong.take(sender);
      throw badSignature(name);
    }
    if (Number(context.req.header('content-length') ?? 0) > largestBody) throw tooLarge();
    const verification = new Verification(proof, secrets);
    const kept = reads ? new KeptBody(largestRead) : undefined;
    const slot = this.#bodies.take(sender);
    if (!slot) throw tooOften(context, limiter);
    try {
      await feed(context.req.raw.body, [verification, ...(kept ? [kept] : [])], slot.lost);
    } finally {
      slot.release();
    }
    if (!verification.holds()) {
      this.#wrong.take(sender);
      this.#web.logger.info('refused a webhook call with a wrong signature', { webhook: name });
      throw badSignature(name);
    }
    if (!limiter.take(name)) throw tooOften(context, limiter);
    return kept?.take();
  }

  /** A caller is not told what is wrong with Volt's own key. */
  async #keyOf<T>(webhook: string, read: () => Promise<T>): Promise<T> {
    try {
      return await read();
    } catch (error) {
      if (!(error instanceof VoltError) || !error.code.startsWith('secrets_')) throw error;
      this.#web.logger.error(`cannot check the signatures of a webhook: ${errorText(error)}`, { webhook });
      throw new VoltError('internal', 'Volt cannot check signatures now', {
        remedy: 'Ask its owner, who sees why in its log. The next poll finds what was pushed.',
      });
    }
  }

  /** Notes what the body says, then polls: a build that the poll makes has the facts. */
  async #tell(sender: Sender, body: Body | undefined): Promise<void> {
    const { name: repo, host } = sender.repository;
    if (body) await this.#note(sender, body);
    await announce(this.#web, this.#web.queues.sendObserve(host, { v: 1, repo, cause: 'hook' }));
  }

  async #note(sender: Sender, { text, hash }: Body): Promise<void> {
    const { pullRequests, awaited } = sender.repository;
    const hasPulls = pullRequests !== 'none';
    const [call, comment] = hasPulls ? [pullRequestCall(text), commentCall(text)] : [];
    const told = eventCall(text);
    // whether a tag's own workflows wait for its release, only git tells
    const isWanted = told && (told.ref !== null || isAwaited(awaited, told.event, told.action));
    if (!call && !comment && !isWanted) return;
    const { database, access } = this.#web;
    const repo = sender.repository.name;
    await atFirstDelivery(access, { repo, hash }, async () => {
      if (isWanted) await this.#request(repo, told);
      if (comment) await this.#commands.obey(sender, comment);
      if (!call) return;
      const isNewer = await notePullRequestFacts(database, repo, call);
      const { number, activity: action, label } = call;
      const known = isNewer && action !== null && (await seenPullRequests(database, repo, [number])).get(number);
      if (!known || action === null) return;
      await openTrigger(database, repo, known.ref, { name: 'pull_request', number, action, label });
      const event: BuildEvent = { name: 'pull_request_target', number, action, label, before: null };
      if (isAwaited(awaited, event.name, action))
        await requestEvent(database, repo, { ref: null, event, isByStranger: true });
    });
  }

  async #request(repo: string, { event, action, ref, payload }: EventCall): Promise<void> {
    const { database, logger } = this.#web;
    const asked: BuildEvent = { name: 'forge', event, action, payload };
    if (!(await requestEvent(database, repo, { ref, event: asked, isByStranger: isOfStrangers(event) })))
      logger.warn(`dropped the event ${event} of ${repo}: too many of its events wait`, { repo });
  }
}

interface Sender extends CommandSender {
  repository: ObservedRepository;
}

interface Body {
  text: string;
  hash: string;
}

/** Whether the body of a call is to be kept. */
function isToBeRead({ pullRequests }: ObservedRepository, header: (name: string) => string | undefined): boolean {
  return mayBeEvent(header) || (pullRequests !== 'none' && (mayBeAboutPullRequest(header) || mayBeComment(header)));
}

function badSignature(name: string): VoltError {
  return new VoltError('bad_signature', `the call has no valid signature for the webhook of "${name.slice(0, 64)}"`, {
    remedy: 'Give the forge the secret that `volt repo hook` prints; it must sign each call with that secret.',
  });
}

function tooManyWrong(context: Context<WebEnv>, limiter: RateLimiter): VoltError {
  return rateLimited(context, limiter, 'too many calls without a valid signature came from your address');
}

function tooOften(context: Context<WebEnv>, limiter: RateLimiter): VoltError {
  return rateLimited(context, limiter, 'this webhook is called too often; the next poll finds what was pushed');
}
