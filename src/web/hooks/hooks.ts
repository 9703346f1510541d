import type { Context } from 'hono';
import { errorText, VoltError } from '../../kernel/errors.ts';
import { repositoryNamePattern } from '../../kernel/names.ts';
import { appWebhookSecret } from '../../record/forges.ts';
import { hookKeysOf } from '../../record/hooks.ts';
import { findRepository } from '../../record/repositories.ts';
import type { WebEnv } from '../access/env.ts';
import { type Rate, RateLimiter, rateLimited } from '../access/rate-limit.ts';
import { networkOf } from '../http/network.ts';
import type { Web } from '../services.ts';
import { appCall, repositoriesOf } from './app-calls.ts';
import { BodySlots } from './body-slots.ts';
import { retryChecks } from './check-retries.ts';
import { mayBeComment } from './comment-calls.ts';
import { mayBeEvent } from './event-calls.ts';
import { feed, largestBody, tooLarge } from './feed.ts';
import { KeptBody } from './kept-body.ts';
import { mayBeAboutPullRequest } from './pull-request-calls.ts';
import { type Body, ReportedChanges } from './reported-changes.ts';
import { proofIn, Verification } from './signature.ts';

/** Signed calls of one webhook. */
const rate: Rate = { burst: 60, perSecond: 5 };
/** Signed calls of one App: GitHub tells it of each check that it sets, too. */
const appRate: Rate = { burst: 600, perSecond: 50 };
/** Calls of one sender without a valid signature. */
const wrongRate: Rate = { burst: 60, perSecond: 1 };
/** Volt reads bodies about pull requests up to this: GitHub's have some 30 kB. */
const largestRead = 512 * 1024;
/** Those of Apps up to this, since only the body tells the repository: a comment of 65,536 characters comes with an issue of as many. */
const largestOfApps = 2 * 1024 * 1024;
/** Bodies that are read at once, of all senders and of one. */
const bodySlots = { all: 32, share: 8 };

/** Answers the calls of webhooks: each makes Volt poll what it is about. */
export class Hooks {
  readonly #web: Web;
  readonly #signed = new RateLimiter(rate);
  readonly #ofApps = new RateLimiter(appRate);
  readonly #wrong = new RateLimiter(wrongRate);
  readonly #bodies = new BodySlots(bodySlots);
  readonly #reported: ReportedChanges;

  constructor(web: Web) {
    this.#web = web;
    this.#reported = new ReportedChanges(web);
  }

  /**
   * Answers a call about one repository. What has changed is found by the poll. Of the payload only facts about pull requests are
   * stored, which workflows see. Calls without a valid signature use up the limit of the sender's address, never that of the webhook.
   * @throws VoltError `bad_signature`, `rate_limited`, `too_large`, `timed_out`
   */
  async answer(context: Context<WebEnv>, name: string): Promise<Response> {
    const secrets = () => this.#secretsOf(name);
    const most = isToBeRead((key) => context.req.header(key)) ? largestRead : 0;
    const body = await this.#receive(context, { name, secrets, most, limiter: this.#signed });
    const repository = await findRepository(this.#web.database, name);
    if (repository) await this.#reported.note({ repository, address: context.get('source').address }, body);
    return context.json({ repo: name, look: true }, 202);
  }

  /**
   * Answers a call of a GitHub App, which has one webhook for all of its repositories: to each the same happens as by a webhook of its
   * own. GitHub also tells an App that somebody wants a check again.
   * @throws VoltError as `answer`
   */
  async answerApp(context: Context<WebEnv>, forge: string): Promise<Response> {
    const { database, config } = this.#web;
    const secrets = async () => (await appWebhookSecret(database, config, forge)) ?? [];
    const limiter = this.#ofApps;
    const body = await this.#receive(context, { name: forge, secrets, most: largestOfApps, limiter });
    const call = appCall(body?.text ?? '');
    const repos: string[] = [];
    if (call.isAboutCheck) await retryChecks(this.#web, context, forge, call, body?.hash ?? '');
    else if (call.project !== undefined) {
      for (const repository of await repositoriesOf(database, forge, call.project)) {
        await this.#reported.note({ repository, address: context.get('source').address }, body);
        repos.push(repository.name);
      }
    }
    return context.json({ forge, repos }, 202);
  }

  /**
   * Reads a call and checks its signature. A call that cannot be a valid one costs no look at the database.
   * @param webhook.secrets one of them proves the call; none if there is no such webhook
   * @param webhook.most bytes of a body that are read; 0 where the body is not wanted
   * @returns the body; undefined where it is not wanted, empty, or larger
   */
  async #receive(
    context: Context<WebEnv>,
    { name, secrets, most, limiter }: { name: string; secrets: ReadSecrets; most: number; limiter: RateLimiter },
  ): Promise<Body | undefined> {
    const sender = networkOf(context.get('source').address);
    if (this.#wrong.isExhausted(sender)) throw tooManyWrong(context, this.#wrong);
    const proof = proofIn((key) => context.req.header(key));
    const own = proof && repositoryNamePattern.test(name) ? await this.#read(name, secrets) : [];
    // the answer does not reveal whether the webhook exists
    if (own.length === 0 || !proof) {
      this.#wrong.take(sender);
      throw badSignature(name);
    }
    if (Number(context.req.header('content-length') ?? 0) > largestBody) throw tooLarge();
    const verification = new Verification(proof, own);
    const kept = new KeptBody(most);
    const slot = this.#bodies.take(sender);
    if (!slot) throw tooOften(context, limiter);
    try {
      await feed(context.req.raw.body, [verification, kept], slot.lost);
    } finally {
      slot.release();
    }
    if (!verification.holds()) {
      this.#wrong.take(sender);
      this.#web.logger.info('refused a webhook call with a wrong signature', { webhook: name });
      throw badSignature(name);
    }
    if (!limiter.take(name)) throw tooOften(context, limiter);
    return kept.take();
  }

  /** What is wrong with Volt's own key, only the log tells. The caller sees what it would see of a webhook that does not exist. */
  async #read(webhook: string, secrets: ReadSecrets): Promise<readonly string[]> {
    try {
      return [await secrets()].flat();
    } catch (error) {
      if (error instanceof VoltError && error.code.startsWith('record_')) throw error;
      this.#web.logger.error(`cannot check the signatures of a webhook: ${errorText(error)}`, { webhook });
      return [];
    }
  }

  async #secretsOf(repo: string): Promise<readonly string[]> {
    const { database, config, guard } = this.#web;
    const keys = await hookKeysOf(database, config, repo);
    return keys ? [guard.hookSecret(repo, keys.salt), ...(keys.key === null ? [] : [keys.key])] : [];
  }
}

/** How the secrets of a webhook are read; nothing if there is no such webhook. */
type ReadSecrets = () => Promise<string | readonly string[]>;

/** Whether the body of a call is to be kept. */
function isToBeRead(header: (name: string) => string | undefined): boolean {
  return mayBeEvent(header) || mayBeAboutPullRequest(header) || mayBeComment(header);
}

function badSignature(name: string): VoltError {
  return new VoltError('bad_signature', `the call has no valid signature for the webhook of "${name.slice(0, 64)}"`, {
    remedy:
      'Give the forge the secret that `volt repo hook` prints; it must sign each call with that secret. If it does, see the log of Volt.',
  });
}

function tooManyWrong(context: Context<WebEnv>, limiter: RateLimiter): VoltError {
  return rateLimited(context, limiter, 'too many calls without a valid signature came from your address');
}

function tooOften(context: Context<WebEnv>, limiter: RateLimiter): VoltError {
  return rateLimited(context, limiter, 'this webhook is called too often; the next poll finds what was pushed');
}
