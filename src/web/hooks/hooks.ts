import type { Context } from 'hono';
import { VoltError } from '../../kernel/errors.ts';
import { repositoryNamePattern } from '../../kernel/names.ts';
import { hookSaltOf } from '../../record/hooks.ts';
import { findRepository } from '../../record/repositories.ts';
import { Buckets, type Rate } from '../access/buckets.ts';
import { rateLimited } from '../access/rate-limit.ts';
import type { Web } from '../context.ts';
import type { WebEnv } from '../env.ts';
import { announce } from '../requests.ts';
import { proofIn, Verification } from './signature.ts';

/** Calls that one webhook may make. */
const rate: Rate = { burst: 60, perSecond: 5 };
/** GitHub sends no more than 25 MB; nothing of it is kept. */
const largestBody = 25 * 1024 * 1024;
/** Milliseconds within which a body must have arrived. */
const patience = 20_000;
/** Bodies that are read at once; a slow sender holds no more than one place, and that not for long. */
const places = 32;

/** Takes what forges call when something was pushed, and has the repository looked at. */
export class Hooks {
  readonly #web: Web;
  readonly #buckets = new Buckets(rate);
  #reading = 0;

  constructor(web: Web) {
    this.#web = web;
  }

  /**
   * Answers a call. What it says does not matter, only that it comes from somebody who knows the secret: the look finds
   * out what has changed.
   * @throws VoltError `bad_signature`, `rate_limited`, `too_large`, `timed_out`
   */
  async answer(context: Context<WebEnv>, name: string): Promise<Response> {
    const { record, queues, logger, guard } = this.#web;
    const repository = repositoryNamePattern.test(name) ? await findRepository(record, name) : undefined;
    const salt = repository && (await hookSaltOf(record, name));
    const proof = proofIn((header) => context.req.header(header));
    // whether there is such a repository is nobody's business who does not know its secret
    if (!repository || !salt || !proof) throw badSignature(name);
    if (this.#reading >= places || !this.#buckets.take(name)) throw tooOften(context, this.#buckets);
    if (Number(context.req.header('content-length') ?? 0) > largestBody) throw tooLarge();
    const verification = new Verification(proof, guard.hookSecret(name, salt));
    this.#reading++;
    try {
      await feed(context.req.raw.body, verification);
    } finally {
      this.#reading--;
    }
    if (!verification.holds()) {
      logger.info('a call of a webhook was refused, its signature does not fit', { repo: name });
      throw badSignature(name);
    }
    await announce(this.#web, queues.sendObserve(repository.host, { v: 1, repo: name, cause: 'hook' }));
    return context.json({ repo: name, look: true }, 202);
  }
}

async function feed(body: ReadableStream<Uint8Array> | null, verification: Verification): Promise<void> {
  if (!body) return;
  const reader = body.getReader();
  const late = AbortSignal.timeout(patience);
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
    throw new VoltError('timed_out', `the body of the call has not arrived within ${patience / 1000} s`, {
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

function tooOften(context: Context<WebEnv>, buckets: Buckets): VoltError {
  return rateLimited(context, buckets, 'this webhook is called too often; the next poll finds what was pushed');
}
