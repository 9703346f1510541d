import { expect } from 'chai';
import { createLogger } from '../../src/kernel/logger.ts';
import { warningsOf } from '../../src/kernel/warnings.ts';
import { startChild } from '../support/child.ts';
import { keepLog } from '../support/logger.ts';

describe('the logger', () => {
  it('writes one line with the time, the level, the stage and the fields', () => {
    const { logger, lines } = keepLog();
    logger.child({ stage: 'dispatcher' }).warn('took back', { build: '42', why: 'two words', left: undefined });
    expect(lines).to.have.length(1);
    expect(lines[0]).to.match(/^\d{4}-\d\d-\d\dT\S+Z warn {2}dispatcher: took back build=42 why="two words"$/);
  });

  it('escapes line breaks and quotes in messages and fields', () => {
    const { logger, lines } = keepLog();
    logger.info('job', { name: 'x\ny z="1"' });
    expect(lines[0]?.split('\n')).to.have.length(1);
  });

  it('escapes control characters of foreign text', () => {
    const { logger, lines } = keepLog();
    const foreign = 'no\n2026-01-01T00:00:00Z info  web: all is well\u001b]52;c;aGk=\u0007\u009b2J';
    logger.warn(foreign, { from: '\u001b[2J' });
    logger.error(new Error(foreign));
    const text = lines.join('\n');
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these must not be there
    expect(text).to.not.match(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
    expect(lines[0]).to.include('no\\n2026-01-01').and.include('\\u001b]52').and.include('from=\\u001b[2J');
    expect(text).to.not.match(/^2026-01-01/m);
  });

  it('is silent below its level', () => {
    expect(createLogger('warn').isInfoEnabled()).to.equal(false);
    expect(createLogger('debug').isDebugEnabled()).to.equal(true);
  });

  it('writes one JSON object a line in the JSON form', async () => {
    const child = startChild(`
      import { createLogger } from './src/kernel/logger.ts';
      process.stderr.write = (text) => process.stdout.write(text);
      const logger = createLogger('info', 'json').child({ stage: 'runner', runner: 'r1' });
      logger.info('two\\nlines', { repo: 'app', build: '42', job: '42-1', attempt: 2 });
    `);
    const { time, ...rest } = JSON.parse(await child.line());
    expect(new Date(time).toISOString()).to.equal(time);
    expect(rest).to.deep.equal({
      ...{ level: 'info', stage: 'runner', message: 'two\nlines' },
      ...{ runner: 'r1', repo: 'app', build: '42', job: '42-1', attempt: 2 },
    });
    expect(await child.ended()).to.equal(0);
  });

  it('remembers the last warning of a stage with its fields', () => {
    const { logger } = keepLog();
    const stage = logger.child({ stage: 'warner' });
    stage.info('all is well');
    expect(warningsOf('warner')).to.deep.equal({ count: 0, last: null });
    stage.warn('a disk is slow');
    stage.error('a disk is gone', { repo: 'app', build: 42, error: 'EIO' });
    expect(warningsOf('warner')).to.deep.include({ count: 2 });
    const { at: _, ...last } = warningsOf('warner').last ?? {};
    expect(last).to.deep.equal({ level: 'error', message: 'a disk is gone', about: { repo: 'app', build: '42' } });
  });

  it('writes nothing to standard output', async () => {
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
