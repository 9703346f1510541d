import { expect } from 'chai';
import { createLogger } from '../../src/kernel/logger.ts';
import { startChild } from '../support/child.ts';
import { keepLog } from '../support/logger.ts';

describe('the logger', () => {
  it('writes one line with the time, the level, the stage and the fields', () => {
    const { logger, lines } = keepLog();
    logger.child({ stage: 'dispatcher' }).warn('took back', { build: '42', why: 'two words', left: undefined });
    expect(lines).to.have.length(1);
    expect(lines[0]).to.match(/^\d{4}-\d\d-\d\dT\S+Z warn {2}dispatcher: took back build=42 why="two words"$/);
  });

  it('keeps a message from being taken for several lines or fields', () => {
    const { logger, lines } = keepLog();
    logger.info('job', { name: 'x\ny z="1"' });
    expect(lines[0]?.split('\n')).to.have.length(1);
  });

  it('is silent below its level', () => {
    expect(createLogger('warn').isInfoEnabled()).to.equal(false);
    expect(createLogger('debug').isDebugEnabled()).to.equal(true);
  });

  it('leaves standard output to results', async () => {
    const child = startChild(`
      import { createLogger } from './src/kernel/logger.ts';
      process.stderr.write = () => true;
      createLogger('info').info('not a result');
      console.log('a result');
    `);
    expect(await child.line()).to.equal('a result');
    expect(await child.ended()).to.equal(0);
  });
});
