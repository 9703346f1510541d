import { expect } from 'chai';
import { VoltError } from '../../src/kernel/errors.ts';
import { Problems } from '../../src/kernel/problems.ts';
import { keepLog } from '../support/logger.ts';

const full = Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });

describe('the problems of a stage', () => {
  const told = (lines: string[]) => lines.filter((line) => !line.includes(' debug ')).length;

  it('are logged once at their begin and once at their end', async () => {
    const { logger, lines } = keepLog();
    const problems = new Problems(logger);
    for (let round = 0; round < 3; round++) {
      const well = await problems.alone('writing build 7', async () => {
        throw full;
      });
      expect(well).to.equal(false);
    }
    expect(told(lines)).to.equal(1);
    expect(problems.list()).to.have.length(1);
    expect(problems.list()[0]).to.include({ code: 'data_unwritable' });
    expect(await problems.alone('writing build 7', async () => 'done')).to.equal(true);
    expect(problems.list()).to.deep.equal([]);
    expect(told(lines)).to.equal(2);
    expect(lines.at(-1)).to.include('writing build 7 works again');
  });

  it('are logged again when their message changes', () => {
    const { logger, lines } = keepLog();
    const problems = new Problems(logger);
    problems.note('writing build 7', full);
    problems.note('writing build 7', new Error('something else'));
    expect(told(lines)).to.equal(2);
    expect(problems.list()).to.have.length(1);
  });

  it('have the code and remedy of the error, several of one kind as one', () => {
    const problems = new Problems(keepLog().logger);
    for (const build of [1, 2, 3]) {
      problems.note(`recording ${build}`, new VoltError('record_full', 'no room', { remedy: 'make room' }));
    }
    expect(problems.list()).to.deep.equal([
      {
        code: 'record_full',
        message: 'recording 3 failed and is retried: no room (and 2 more like this)',
        remedy: 'make room',
      },
    ]);
  });
});
