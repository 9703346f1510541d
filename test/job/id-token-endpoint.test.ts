import { expect } from 'chai';
import { IdTokenEndpoint } from '../../src/job/id-token-endpoint.ts';
import { JobAborted } from '../../src/job/outcome.ts';
import { Masker } from '../../src/job/output/masker.ts';
import type { Delivered } from '../../src/secrets/delivery.ts';

type Answer = Delivered<'id-token'>;

describe('where a job asks for ID tokens', () => {
  const masker = new Masker();
  const asked: (string | undefined)[] = [];
  let next: () => Promise<Answer>;
  let endpoint: IdTokenEndpoint;

  beforeEach(async () => {
    asked.length = 0;
    next = async () => ({ token: `token-${asked.length}-of-the-job` });
    const ask = (audience: string | undefined) => {
      asked.push(audience);
      return next();
    };
    endpoint = await IdTokenEndpoint.open({ ask, masker }, undefined);
  });
  afterEach(() => endpoint.close());

  const url = () => endpoint.variables.ACTIONS_ID_TOKEN_REQUEST_URL as string;
  const bearer = () => endpoint.variables.ACTIONS_ID_TOKEN_REQUEST_TOKEN as string;
  async function get(
    more = '',
    { authorization = `Bearer ${bearer()}`, ...init }: RequestInit & { authorization?: string } = {},
  ) {
    const answer = await fetch(url() + more, { ...init, headers: { authorization } });
    return { status: answer.status, ...((await answer.json()) as { value?: string; message?: string }) };
  }

  it('answers as the service of GitHub that actions ask, for the audience that they name', async () => {
    expect(await get('&audience=api%3A%2F%2FAzure')).to.deep.include({ status: 200, value: 'token-1-of-the-job' });
    expect(await get()).to.deep.include({ status: 200, value: 'token-2-of-the-job' });
    expect(asked).to.deep.equal(['api://Azure', undefined]);
  });

  it('hides the tokens, and what it takes to ask for them, in the output of the job', async () => {
    const { value } = await get();
    expect(masker.text(`${value} ${bearer()}`)).to.equal('*** ***');
  });

  it('gives nothing without its bearer token, by another path or method, or for an audience that is too long', async () => {
    for (const authorization of ['', 'Bearer ', `Basic ${bearer()}`, `Bearer ${bearer()}x`, `Bearer ${'x'.repeat(43)}`])
      expect((await get('', { authorization })).status, authorization).to.equal(401);
    expect((await get('', { method: 'POST' })).status).to.equal(404);
    const other = await fetch(new URL('/other', url()), { headers: { authorization: `Bearer ${bearer()}` } });
    expect(other.status).to.equal(404);
    expect((await get(`&audience=${'x'.repeat(1001)}`)).status).to.equal(400);
    expect(asked).to.deep.equal([]);
  });

  it('says why the job gets none', async () => {
    next = async () => ({ withheld: 'the ref is not trusted' });
    expect(await get()).to.deep.include({ status: 403, message: 'the ref is not trusted' });
    const message = 'no dispatcher has answered';
    const outcome = { status: 'error', reason: 'secrets_unavailable', message, exitCode: null } as const;
    next = async () => {
      throw new JobAborted(outcome);
    };
    expect(await get()).to.deep.include({ status: 503, message });
  });

  it('asks for one after the other, and for a hundred at most', async () => {
    let atOnce = 0;
    let most = 0;
    next = async () => {
      most = Math.max(most, ++atOnce);
      await new Promise((resolve) => setImmediate(resolve));
      atOnce--;
      return { token: 'the-same-token-each-time' };
    };
    const answers = [];
    for (let round = 0; round < 10; round++)
      answers.push(...(await Promise.all(Array.from({ length: 11 }, () => get()))));
    expect(answers.filter(({ status }) => status === 200)).to.have.length(100);
    expect(answers.filter(({ status }) => status === 429)).to.have.length(10);
    expect(most).to.equal(1);
  });
});
