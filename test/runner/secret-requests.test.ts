import { expect } from 'chai';
import { JobAborted, mayBeRepeated } from '../../src/job/outcome.ts';
import { loadConfig } from '../../src/kernel/config.ts';
import type { JobId, RunnerId } from '../../src/kernel/model.ts';
import type { SecretsMessage } from '../../src/queues/messages.ts';
import { Queues } from '../../src/queues/queues.ts';
import type { StageContext } from '../../src/queues/stage.ts';
import { SecretRequests } from '../../src/runner/secret-requests.ts';
import { boxContext } from '../../src/secrets/delivery.ts';
import { makeBoxKeys, seal } from '../../src/secrets/sealed-box.ts';
import { startAccess, type TestAccess } from '../support/access.ts';
import { stranger } from '../support/runner-keys.ts';
import { until } from '../support/until.ts';

const runner = 'box~1' as RunnerId;
const ref = { job: '1-1' as JobId, attempt: 1 };
const content = { values: { TOKEN: 'canary' }, withheld: null };

const signer = stranger();

describe('a delivery of secrets to a runner', () => {
  let test: TestAccess;
  let context: StageContext;

  before(async () => {
    test = await startAccess();
    const { access, logger } = test;
    context = { access, logger, config: loadConfig(), queues: new Queues(access, logger) };
  });
  afterEach(() => test.access.client.flushall());
  after(async () => {
    await context.queues.close();
    await test.stop();
  });

  function ask(
    secretRequests: SecretRequests,
    change: { signal?: AbortSignal; insist?: () => void; slow?: (sentence: string) => void } = {},
  ) {
    const around = {
      signal: new AbortController().signal,
      logger: test.logger,
      insist: () => undefined,
      slow: () => undefined,
      ...change,
    };
    const answer = secretRequests.ask({ kind: 'secrets' }, ref, runner, around);
    answer.catch(() => undefined);
    return answer;
  }

  const asked = async () =>
    (await context.queues.queue('secrets').getWaiting()).map(({ data }) => data as SecretsMessage);
  const answerWith = (secretRequests: SecretRequests, answer: { box: string } | { refused: string }) =>
    secretRequests.hear({ kind: 'sealed', ...ref, delivery: 'secrets', answer });
  const boxFor = (publicKey: string, context = boxContext(ref, runner, { kind: 'secrets' })) => ({
    box: seal(publicKey, context, JSON.stringify(content)),
  });
  async function ending(answer: Promise<unknown>): Promise<JobAborted> {
    const error = await answer.then(
      () => undefined,
      (thrown) => thrown,
    );
    if (!(error instanceof JobAborted)) throw new Error(`no ending: ${error}`);
    return error;
  }

  it('is sealed to the key of the runner, and the request contains no value', async () => {
    const secretRequests = new SecretRequests(context, signer);
    const key = secretRequests.boxKey(runner).publicKey;
    const answer = ask(secretRequests);
    const [request] = await until('it asks', async () => {
      const all = await asked();
      return all.length > 0 && all;
    });
    expect(request).to.deep.equal({ v: 1, ...ref, runner, kind: 'secrets' });
    answerWith(secretRequests, boxFor(key));
    expect(await answer).to.deep.equal(content);
  });

  it('is requested again when the request or the answer is lost, after the report that the attempt has begun', async () => {
    const secretRequests = new SecretRequests(context, signer, { repeat: 50 });
    const key = secretRequests.boxKey(runner).publicKey;
    let insisted = 0;
    const answer = ask(secretRequests, {
      insist: () => {
        insisted++;
      },
    });
    await until('it asks', async () => (await asked()).length > 0);
    await test.access.client.flushall();
    await until('it asks again', async () => (await asked()).length > 0);
    expect(insisted).to.be.greaterThan(0);
    answerWith(secretRequests, boxFor(key));
    await answer;
  });

  it('that takes long is mentioned in the log of the job', async () => {
    const secretRequests = new SecretRequests(context, signer, { repeat: 50 });
    const sentence = await new Promise<string>((resolve) => {
      const answer = ask(secretRequests, { slow: resolve });
      void answer.catch(() => undefined);
    });
    expect(sentence).to.include('waiting for its secrets');
    answerWith(secretRequests, boxFor(secretRequests.boxKey(runner).publicKey));
  });

  it('that does not come in time ends the job as an error of Volt', async () => {
    const { outcome } = await ending(ask(new SecretRequests(context, signer, { repeat: 10, patience: 100 })));
    expect(outcome).to.include({ status: 'error', reason: 'secrets_unavailable' });
    expect(outcome.message).to.include('no dispatcher');
    expect(mayBeRepeated(outcome, false), 'another attempt may find one').to.equal(true);
  });

  it('that is refused ends the job with the reason of the dispatcher', async () => {
    const secretRequests = new SecretRequests(context, signer);
    const answer = ask(secretRequests);
    answerWith(secretRequests, { refused: 'there is no key. Put it back.' });
    const { outcome } = await ending(answer);
    expect(outcome.message).to.equal('there is no key. Put it back.');
    expect(mayBeRepeated(outcome, false), 'the key does not come back by asking again').to.equal(false);
  });

  it('that is sealed for another runner, another attempt or a former id is refused', async () => {
    for (const box of [
      (secretRequests: SecretRequests) => {
        secretRequests.boxKey(runner).publicKey;
        return boxFor(makeBoxKeys().publicKey);
      },
      (secretRequests: SecretRequests) =>
        boxFor(
          secretRequests.boxKey(runner).publicKey,
          boxContext({ ...ref, attempt: 2 }, runner, { kind: 'secrets' }),
        ),
      (secretRequests: SecretRequests) => {
        const former = boxFor(secretRequests.boxKey(runner).publicKey);
        secretRequests.boxKey('box~2' as RunnerId);
        secretRequests.boxKey(runner).publicKey;
        return former;
      },
    ]) {
      const secretRequests = new SecretRequests(context, signer);
      const answer = ask(secretRequests);
      answerWith(secretRequests, box(secretRequests));
      const { outcome } = await ending(answer);
      expect(outcome.reason).to.equal('secrets_unavailable');
      expect(outcome.message).to.not.include('canary');
    }
  });

  it('that is for another audience than the job has asked for is refused', async () => {
    const secretRequests = new SecretRequests(context, signer);
    const key = secretRequests.boxKey(runner).publicKey;
    const asked = { kind: 'id-token', request: 'r1', audience: 'registry' } as const;
    const around = {
      ...{ signal: new AbortController().signal, logger: test.logger },
      ...{ insist: () => undefined, slow: () => undefined },
    };
    const hear = (audience: string) => {
      const box = seal(key, boxContext(ref, runner, { ...asked, audience }), JSON.stringify({ token: 'canary' }));
      secretRequests.hear({ kind: 'sealed', ...ref, delivery: 'id-token', request: 'r1', answer: { box } });
    };
    const changed = secretRequests.ask(asked, ref, runner, around);
    hear('cloud');
    expect((await ending(changed)).outcome.reason).to.equal('secrets_unavailable');
    const answer = secretRequests.ask(asked, ref, runner, around);
    hear('registry');
    expect(await answer).to.deep.equal({ token: 'canary' });
  });

  it('is no longer awaited when the job is ended', async () => {
    const stop = new AbortController();
    const answer = ask(new SecretRequests(context, signer), { signal: stop.signal });
    const reason = new JobAborted({ status: 'cancelled', reason: 'by_user', message: 'x', exitCode: null });
    stop.abort(reason);
    expect(await ending(answer)).to.equal(reason);
  });
});
