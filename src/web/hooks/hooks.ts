import type { Context } from 'hono';
import { VoltError } from '../../kernel/errors.ts';
import { repositoryNamePattern } from '../../kernel/names.ts';
import { isAwaited, isOfStrangers } from '../../kernel/workflow-events.ts';
import type { BuildEvent } from '../../queues/messages.ts';
import { requestEvent } from '../../record/event-requests.ts';
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
import { BodySlots } from './body-slots.ts';
import { commentCall, mayBeComment } from './comment-calls.ts';
import { type CommandSender, CommentCommands } from './comment-commands.ts';
import { type EventCall, eventCall, mayBeEvent } from './event-calls.ts';
import { KeptBody } from './kept-body.ts';
import { mayBeAboutPullRequest, pullRequestCall } from './pull-request-calls.ts';
import { proofIn, Verification } from './signature.ts';

/** Signed calls of one webhook. */
const rate: Rate = { burst: 60, perSecond: 5 };
/** Calls of one sender without a valid signature. */
const wrongRate: Rate = { burst: 60, perSecond: 1 };
/** GitHub sends at most 25 MB. */
const largestBody = 25 * 1024 * 1024;
/** Volt reads bodies about pull requests up to this: GitHub's have some 30 kB. */
const largestRead = 512 * 1024;
/** Milliseconds within which a body must arrive. */
const bodyTimeout = 20_000;
/** Bodies that are read at once, of all senders and of one. */
const bodySlots = { all: 32, share: 8 };

/** Answers the calls of webhooks: each makes Volt poll the repository. */
export class Hooks {
  readonly #web: Web;
  readonly #signed = new RateLimiter(rate);
  readonly #wrong = new RateLimiter(wrongRate);
  readonly #bodies = new BodySlots(bodySlots);
  readonly #commands: CommentCommands;

  constructor(web: Web) {
    this.#web = web;
    this.#commands = new CommentCommands(web);
  }

  /**
   * Answers a call. What has changed is found by the poll. Of the payload only facts about pull requests are stored, which
   * workflows see. Calls without a valid signature use up the limit of the sender's address, never that of the webhook.
   * @throws VoltError `bad_signature`, `rate_limited`, `too_large`, `timed_out`
   */
  async answer(context: Context<WebEnv>, name: string): Promise<Response> {
    const { database, config, queues, logger, guard } = this.#web;
    const sender = networkOf(context.get('source').address);
    if (this.#wrong.isExhausted(sender)) throw tooManyWrong(context, this.#wrong);
    const repository = repositoryNamePattern.test(name) ? await findRepository(database, name) : undefined;
    const keys = repository && (await hookKeysOf(database, config, name));
    const header = (key: string) => context.req.header(key);
    const proof = proofIn(header);
    // the answer does not reveal whether the repository exists
    if (!repository || !keys || !proof) {
      this.#wrong.take(sender);
      throw badSignature(name);
    }
    if (Number(context.req.header('content-length') ?? 0) > largestBody) throw tooLarge();
    const own = guard.hookSecret(name, keys.salt);
    const verification = new Verification(proof, keys.key === null ? [own] : [own, keys.key]);
    const kept = isToBeRead(repository, header) ? new KeptBody(largestRead) : undefined;
    const slot = this.#bodies.take(sender);
    if (!slot) throw tooOften(context, this.#signed);
    try {
      await feed(context.req.raw.body, [verification, ...(kept ? [kept] : [])], slot.lost);
    } finally {
      slot.release();
    }
    if (!verification.holds()) {
      this.#wrong.take(sender);
      logger.info('refused a webhook call with a wrong signature', { repo: name });
      throw badSignature(name);
    }
    if (!this.#signed.take(name)) throw tooOften(context, this.#signed);
    const body = kept?.take();
    if (body) await this.#note({ repository, address: context.get('source').address }, body);
    await announce(this.#web, queues.sendObserve(repository.host, { v: 1, repo: name, cause: 'hook' }));
    return context.json({ repo: name, look: true }, 202);
  }

  /** Before the poll, so that a build that it makes has the facts. */
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

/** @param lost aborted when another body takes the slot */
async function feed(
  body: ReadableStream<Uint8Array> | null,
  readers: readonly { update(chunk: Uint8Array): void }[],
  lost: AbortSignal,
): Promise<void> {
  if (!body) return;
  const reader = body.getReader();
  const late = AbortSignal.any([AbortSignal.timeout(bodyTimeout), lost]);
  const stop = () => void reader.cancel(late.reason).catch(() => undefined);
  late.addEventListener('abort', stop, { once: true });
  let size = 0;
  try {
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      size += next.value.length;
      if (size > largestBody) throw tooLarge();
      for (const each of readers) each.update(next.value);
    }
  } finally {
    late.removeEventListener('abort', stop);
  }
  if (late.aborted) {
    const bound = lost.aborted ? 'before other calls needed its slot' : `within ${bodyTimeout / 1000} s`;
    throw new VoltError('timed_out', `the body of the call did not arrive ${bound}`, {
      remedy: 'The next poll finds what was pushed. Check the connection between the forge and Volt.',
    });
  }
}

function tooLarge(): VoltError {
  return new VoltError('too_large', 'the body of the call is larger than 25 MB', { remedy: 'Send a smaller one.' });
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
