import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import {
  asVoltError,
  type ErrorCode,
  errorCodes,
  errorText,
  systemCode,
  VoltError,
  withRemedy,
} from '../../src/kernel/errors.ts';
import { reasons } from '../../src/kernel/model.ts';

describe('error codes', () => {
  const entries = Object.entries(errorCodes) as [ErrorCode, { exit: number; http: number }][];

  it('never end a command with the exit code of a success or of a failed build', () => {
    for (const [code, { exit }] of entries) expect([2, 3], code).to.include(exit);
  });

  it('are answered with an HTTP status of an error', () => {
    for (const [code, { http }] of entries) expect(http, code).to.be.within(400, 599);
  });

  it('that blame the caller (exit code 2) have an HTTP status of 4xx or 501', () => {
    for (const [code, { exit, http }] of entries)
      if (exit === 2) expect(http < 500 || http === 501, code).to.equal(true);
  });

  it('and reasons are those of docs/errors-and-reasons.md, error codes with exit code and HTTP status', () => {
    const page = readFileSync(join(import.meta.dirname, '../../docs/errors-and-reasons.md'), 'utf8');
    const errorRows = [...page.matchAll(/^\| `(\w+)` \| (\d+) \| (\d+) \| \S.* \|$/gm)];
    expect(errorRows.map(([, code, exit, http]) => [code, Number(exit), Number(http)])).to.have.deep.members(
      entries.map(([code, { exit, http }]) => [code, exit, http]),
    );
    const reasonRows = [...page.matchAll(/^\| `(\w+)` \| [^\d|].* \| (?:yes)? \|$/gm)];
    expect(reasonRows.map(([, reason]) => reason)).to.have.members(Object.keys(reasons));
  });

  it('are lower case with underscores', () => {
    for (const [code] of entries) expect(code).to.match(/^[a-z]+(_[a-z]+)*$/);
  });
});

describe('an error of Volt', () => {
  it('carries its code, what to do, its exit code and its HTTP status', () => {
    const error = new VoltError('port_in_use', 'port 8420 is taken', {
      remedy: 'Use --port.',
      cause: new Error('EADDRINUSE'),
    });
    expect(error).to.include({
      code: 'port_in_use',
      message: 'port 8420 is taken',
      remedy: 'Use --port.',
      exitCode: 3,
      httpStatus: 500,
    });
    expect((error.cause as Error).message).to.equal('EADDRINUSE');
  });

  it('is unchanged by asVoltError', () => {
    const error = new VoltError('not_found', 'no', { remedy: 'yes' });
    expect(asVoltError(error)).to.equal(error);
  });

  it('replaces any other error, which becomes its cause', () => {
    for (const thrown of [new TypeError('x is not a function'), 'a string', undefined, null, { odd: true }]) {
      const error = asVoltError(thrown);
      expect(error.code).to.equal('internal');
      expect(error.message).to.equal(errorText(thrown));
      expect(error.cause).to.equal(thrown);
      expect(error.remedy).to.not.equal('');
    }
  });

  it('and its remedy are joined by one full stop', () => {
    for (const message of ['it is gone', 'it is gone.', 'it is gone.\n'])
      expect(withRemedy({ message, remedy: 'Look.' })).to.equal('it is gone. Look.');
  });

  it('is distinguished from system errors by systemCode', () => {
    expect(systemCode(Object.assign(new Error('no'), { code: 'ENOENT' }))).to.equal('ENOENT');
    for (const other of [new Error('no'), Object.assign(new Error('no'), { code: 1 }), 'ENOENT', null]) {
      expect(systemCode(other)).to.equal(undefined);
    }
  });
});
