import { expect } from 'chai';
import { logLongFetch } from '../../src/job/fetch-progress.ts';
import { JobLog } from '../../src/job/log.ts';
import { Masker } from '../../src/job/output/masker.ts';
import { until } from '../support/until.ts';

describe('a long fetch', () => {
  let text: string;
  let log: JobLog;

  beforeEach(() => {
    text = '';
    log = new JobLog((chunk) => {
      text += chunk.toString();
    }, new Masker());
  });

  it('is logged at intervals, with the progress of git', async () => {
    const done = await logLongFetch(
      log,
      'app',
      async (progress) => {
        await until('the first line', () => text.includes('still fetching app, 0 s: waiting for git\n'));
        progress('Receiving objects:  45% (450/1000)');
        await until('the next line', () => /still fetching app, \d+ s: Receiving objects: {2}45%/.test(text));
        return 'fetched';
      },
      { first: 1, interval: 5 },
    );
    expect(done).to.equal('fetched');
  });

  it('that is short is not logged', async () => {
    await logLongFetch(log, 'app', async () => undefined, { first: 60_000, interval: 5 });
    expect(text).to.equal('');
  });

  it('passes its error on', async () => {
    const failed = logLongFetch(log, 'app', () => Promise.reject(new Error('no')));
    expect(await failed.catch((error: Error) => error.message)).to.equal('no');
  });
});
