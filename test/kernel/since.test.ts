import { expect } from 'chai';
import { parseSince } from '../../src/kernel/since.ts';

describe('the time that a person means', () => {
  const now = Date.parse('2026-05-02T12:00:00Z');
  const at = (text: string) => {
    const time = parseSince(text, now);
    return time === undefined ? undefined : new Date(time).toISOString();
  };

  it('is an age in seconds to weeks, or a date', () => {
    expect(['90s', '30m', '30min', '2h', '7d', '2 w'].map(at)).to.deep.equal([
      '2026-05-02T11:58:30.000Z',
      '2026-05-02T11:30:00.000Z',
      '2026-05-02T11:30:00.000Z',
      '2026-05-02T10:00:00.000Z',
      '2026-04-25T12:00:00.000Z',
      '2026-04-18T12:00:00.000Z',
    ]);
    expect(at('2026-01-31')).to.equal('2026-01-31T00:00:00.000Z');
    expect(at('2026-01-31T12:30Z')).to.equal('2026-01-31T12:30:00.000Z');
  });

  it('is not before 1970', () => {
    expect(at('999999w')).to.equal('1970-01-01T00:00:00.000Z');
  });

  it('is nothing else', () => {
    for (const text of ['', 'soon', '2', '-2h', '2h\n3h', '1e3h', '2026-13-45', '99999999h'])
      expect(at(text), text).to.equal(undefined);
  });
});
