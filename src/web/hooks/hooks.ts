import type { Context } from 'hono';
import { VoltError } from '../../kernel/errors.ts';
import { repositoryNamePattern } from '../../kernel/names.ts';
import { hookSaltOf } from '../../record/hooks.ts';
import { findRepository } from '../../record/repositories.ts';
import { Buckets, type Rate } from '../access/buckets.ts';
import type { WebEnv } from '../access/env.ts';
import { rateLimited } from '../access/rate-limit.ts';
import { networkOf } from '../http/network.ts';
import { announce } from '../requests/builds.ts';
import type { Web } from '../services.ts';
import { BodySlots } from './body-slots.ts';
import { proofIn, Verification } from './signature.ts';

/** Calls of one webhook that are signed. */
const rate: Rate = { burst: 60, perSecond: 5 };
/** Calls of one sender that are not. */
const wrongRate: Rate = { burst: 60, perSecond: 1 };
/** GitHub sends no more than 25 MB; nothing of it is kept. */
const largestBody = 25 * 1024 * 1024;
/** Milliseconds within which a body must have arrived. */
const patience = 20_000;
/** Bodies that are read at once, of all senders and of one. */
const places = { all: 32, share: 8 };

/** Takes what forges call when something was pushed, and has the repository looked at. */
export class Hooks {
  readonly #web: Web;
  readonly #buckets = new Buckets(rate);
  readonly #wrong = new Buckets(wrongRate);
  readonly #places = new BodySlots(places);

  constructor(web: Web) {
    this.#web = web;
  }

  /**
   * Answers a call. What it says does not matter, only that it comes from somebody who knows the secret: the look finds
   * out what has changed. Who does not know it uses up nothing but what their own address has.
   * @throws VoltError `bad_signature`, `rate_limited`, `too_large`, `timed_out`
   */
  async answer(context: Context<WebEnv>, name: string): Promise<Response> {
    const { database, queues, logger, guard } = this.#web;
    const sender = networkOf(context.get('source').address);
    if (this.#wrong.isEmpty(sender)) throw tooManyWrong(context, this.#wrong);
    const repository = repositoryNamePattern.test(name) ? await findRepository(database, name) : undefined;
    const salt = repository && (await hookSaltOf(database, name));
    const proof = proofIn((header) => context.req.header(header));
    // whether there is such a repository is nobody's business who does not know its secret
    if (!repository || !salt || !proof) {
      this.#wrong.take(sender);
      throw badSignature(name);
    }
    if (Number(context.req.header('content-length') ?? 0) > largestBody) throw tooLarge();
    const verification = new Verification(proof, guard.hookSecret(name, salt));
    const place = this.#places.take(sender);
    if (!place) throw tooOften(context, this.#buckets);
    try {
      await feed(context.req.raw.body, verification, place.lost);
    } finally {
      place.leave();
    }
    if (!verification.holds()) {
      this.#wrong.take(sender);
      logger.info('a call of a webhook was refused, its signature does not fit', { repo: name });
      throw badSignature(name);
    }
    if (!this.#buckets.take(name)) throw tooOften(context, this.#buckets);
    await announce(this.#web, queues.sendObserve(repository.host, { v: 1, repo: name, cause: 'hook' }));
    return context.json({ repo: name, look: true }, 202);
  }
}

/** @param lost aborted when others need the place in which it is read */
async function feed(
  body: ReadableStream<Uint8Array> | null,
  verification: Verification,
  lost: AbortSignal,
): Promise<void> {
  if (!body) return;
  const reader = body.getReader();
  const late = AbortSignal.any([AbortSignal.timeout(patience), lost]);
  const stop = () => void reader.cancel(late.reason).catch(() => undefined);
  late.addEventListener('abort', stop, { once: true });
  let size = 0;
  try {
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      size += next.value.length;
      if (size > largestBody) throw tooLarge();
      verification.update(next.value);
    }
  } finally {
    late.removeEventListener('abort', stop);
  }
  if (late.aborted) {
    const bound = lost.aborted ? 'before others needed its place' : `within ${patience / 1000} s`;
    throw new VoltError('timed_out', `the body of the call has not arrived ${bound}`, {
      remedy: 'The next poll finds what was pushed; see whether something between the forge and Volt is slow.',
    });
  }
}

function tooLarge(): VoltError {
  return new VoltError('too_large', 'the body of the call is larger than 25 MB', { remedy: 'Send a smaller one.' });
}

function badSignature(name: string): VoltError {
  return new VoltError(
    'bad_signature',
    `the call does not prove that it may ask for a look at "${name.slice(0, 64)}"`,
    {
      remedy:
        'See `volt repo hook` for the address and the secret of the webhook; the forge must sign what it sends with that secret.',
    },
  );
}

function tooManyWrong(context: Context<WebEnv>, buckets: Buckets): VoltError {
  return rateLimited(context, buckets, 'too many calls without a right signature have come from where you are');
}

function tooOften(context: Context<WebEnv>, buckets: Buckets): VoltError {
  return rateLimited(context, buckets, 'this webhook is called too often; the next poll finds what was pushed');
}
