import { JobAborted } from '../job/outcome.ts';
import { errorText } from '../kernel/errors.ts';
import type { Logger } from '../kernel/logger.ts';
import { type AttemptRef, attemptName, type RunnerId } from '../kernel/model.ts';
import type { StageContext } from '../queues/stage.ts';
import type { RunnerNotice } from '../redis/channels.ts';
import {
  boxContext,
  boxKeyStatement,
  type Delivered,
  type DeliveryKind,
  type DeliveryRequest,
  deliverySchemas,
} from '../secrets/delivery.ts';
import { type BoxKeys, makeBoxKeys, unseal } from '../secrets/sealed-box.ts';
import type { Signer } from '../secrets/signing.ts';
import { pause } from '../system/wait.ts';

type Answer = Extract<RunnerNotice, { kind: 'sealed' }>;

/** Milliseconds between two requests; an answer may be lost with the dispatcher or with Redis. */
const repeatInterval = 1000;
/** Milliseconds until a job without its secrets ends as an error; a dispatcher restarts in seconds. */
const patience = 120_000;

/** From this request on, the job's log says that it takes long. */
const slowRound = 3;
const nouns: { [K in DeliveryKind]: string } = {
  secrets: 'its secrets',
  credential: "the repository's credential",
  'id-token': 'an ID token',
};

/**
 * Secrets and credentials, which no message on a queue may carry. The runner makes a pair of keys for each of its ids,
 * publishes the public one with its heartbeats, and asks a dispatcher for what an attempt needs once it has claimed it.
 * Nothing of it is written to the disk.
 */
export class SecretRequests {
  readonly #context: StageContext;
  readonly #signer: Signer;
  readonly #waiting = new Map<string, (answer: Answer['answer']) => void>();
  #keys: { runner: RunnerId; pair: BoxKeys; signature: string } | undefined;
  readonly #times: { repeat: number; patience: number };

  /** @param times milliseconds between repetitions, and until an answer is given up */
  constructor(context: StageContext, signer: Signer, times: { repeat?: number; patience?: number } = {}) {
    this.#context = context;
    this.#signer = signer;
    this.#times = { repeat: repeatInterval, patience, ...times };
  }

  /**
   * The public key of the runner with that id, and the signature of the runner's own key. A new id has a new pair; the
   * former pair is forgotten.
   */
  boxKey(runner: RunnerId): { publicKey: string; boxSignature: string } {
    if (this.#keys?.runner !== runner) {
      const pair = makeBoxKeys();
      const signature = this.#signer.sign('runner box', boxKeyStatement(runner, pair.publicKey));
      this.#keys = { runner, pair, signature };
    }
    return { publicKey: this.#keys.pair.publicKey, boxSignature: this.#keys.signature };
  }

  hear(notice: Answer): void {
    const { delivery: kind, request } = notice;
    this.#waiting.get(waitingName(notice, { kind, request }))?.(notice.answer);
  }

  /**
   * Asks until the answer comes. For one attempt and request, only one call at a time is allowed.
   * @param around.insist is called with each repetition: what the answer depends on may be lost as well
   * @param around.slow is called once, with a sentence for people, when the answer takes long
   * @throws JobAborted if the answer is a refusal or does not come in time; the signal's reason when that aborts
   */
  async ask<K extends DeliveryKind>(
    asked: DeliveryRequest<K>,
    ref: AttemptRef,
    runner: RunnerId,
    around: { signal: AbortSignal; logger: Logger; insist(): void; slow(sentence: string): void },
  ): Promise<Delivered<K>> {
    const { kind } = asked;
    const name = waitingName(ref, asked);
    const answered = new AbortController();
    let answer: Answer['answer'] | undefined;
    this.#waiting.set(name, (given) => {
      answer ??= given;
      answered.abort();
    });
    const over = AbortSignal.any([answered.signal, around.signal]);
    const until = performance.now() + this.#times.patience;
    try {
      for (let round = 0; answer === undefined; round++) {
        around.signal.throwIfAborted();
        if (performance.now() > until) throw this.#late(kind);
        if (round > 0) around.insist();
        if (round === slowRound) around.slow(`waiting for ${nouns[kind]}: no dispatcher has answered yet`);
        const { queues } = this.#context;
        const sent = queues.sendSecretsRequest({ v: 1, job: ref.job, attempt: ref.attempt, runner, ...asked });
        sent.catch((error) => around.logger.debug(`could not ask for the ${kind}: ${errorText(error)}`));
        await pause(this.#times.repeat, over);
      }
    } finally {
      this.#waiting.delete(name);
    }
    return this.#open(asked, ref, runner, answer);
  }

  #open<K extends DeliveryKind>(
    asked: DeliveryRequest<K>,
    ref: AttemptRef,
    runner: RunnerId,
    answer: Answer['answer'],
  ): Delivered<K> {
    // a dispatcher refuses only what it knows from the database
    if ('refused' in answer) throw unavailable(answer.refused, true);
    const keys = this.#keys;
    if (keys?.runner !== runner) throw unavailable('the runner has begun a new epoch');
    try {
      const text = unseal(keys.pair, boxContext(ref, runner, asked), answer.box);
      return deliverySchemas[asked.kind].parse(JSON.parse(text)) as Delivered<K>;
    } catch {
      // the error could contain a part of the secret
      throw unavailable(`the ${asked.kind} that came cannot be opened by this runner`);
    }
  }

  #late(kind: DeliveryKind): JobAborted {
    const seconds = Math.round(this.#times.patience / 1000);
    return unavailable(`no dispatcher has given the job ${nouns[kind]} within ${seconds} s; see \`volt status\``);
  }
}

function waitingName(ref: AttemptRef, { kind, request = '' }: DeliveryRequest): string {
  return `${kind} ${request} ${attemptName(ref)}`;
}

/** @param permanent whether another request would have the same answer */
function unavailable(message: string, permanent = false): JobAborted {
  return new JobAborted({ status: 'error', reason: 'secrets_unavailable', message, exitCode: null, permanent });
}
