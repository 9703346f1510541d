import { expect } from 'chai';
import { LogLines } from '../../src/cli/log-lines.ts';
import { LogText } from '../../src/cli/log-text.ts';

/** A log in pieces that end at the given positions. */
function shown(log: Buffer, ...cuts: number[]): Buffer {
  const text = new LogText();
  const ends = [0, ...cuts, log.length];
  const pieces = ends.slice(1).map((end, index) => text.push(log.subarray(ends[index], end)));
  return Buffer.concat([...pieces, text.end()]);
}

describe('cli: the text of a log', () => {
  it('has words in place of marks, and no line for the end of a group', () => {
    const log =
      '##[group]Run make\nmake\n##[endgroup]\n##[error]bad\na ##[error]b\n##[warning]old\n##[notice]n\n##[debug]d\n';
    expect(String(shown(Buffer.from(log)))).to.equal(
      '▸ Run make\nmake\nError: bad\na ##[error]b\nWarning: old\nNotice: n\nDebug: d\n',
    );
  });

  it('is the same however the log is split, and other bytes stay as they are', () => {
    const log = Buffer.concat([
      Buffer.from('##[group]a\n#a ##[error]b\n##[x]\n\n##[err'),
      Buffer.from('or]b\r\n'),
      Buffer.from([0xff, 0xc3, 0x0a, 0x23, 0x23, 0xff, 0x0a]),
      Buffer.from('##[endgroup]\n##[error]ü'),
    ]);
    const whole = shown(log);
    expect(whole.includes(Buffer.from([0xff, 0xc3, 0x0a, 0x23, 0x23, 0xff, 0x0a]))).to.equal(true);
    expect(String(whole))
      .to.match(/^▸ a\n#a ##\[error\]b\n##\[x\]\n\nError: b\r\n/)
      .and.to.match(/\nError: ü$/);
    for (let one = 0; one <= log.length; one++)
      for (let other = one; other <= log.length; other += 3)
        expect(shown(log, one, other).equals(whole), `cut at ${one} and ${other}`).to.equal(true);
  });

  it('arrives at once, but for the beginning of a line that may be marked', () => {
    const text = new LogText();
    const push = (piece: string) => String(text.push(Buffer.from(piece)));
    expect(push('Continue? ')).to.equal('Continue? ');
    expect(push('y\n##')).to.equal('y\n');
    expect(push('#')).to.equal('###');
    expect(push('\n##[error]b')).to.equal('\n');
    expect(push('ad')).to.equal('');
    expect(push('\n')).to.equal('Error: bad\n');
  });

  it('passes a marked line without an end', () => {
    const text = new LogText();
    let length = 0;
    for (let i = 0; i < 100; i++)
      length += text.push(Buffer.from(`${i === 0 ? '##[error]' : ''}${'x'.repeat(1000)}`)).length;
    expect(length).to.equal(100_009);
    expect(String(text.push(Buffer.from('\n##[error]y\n')))).to.equal('\nError: y\n');
  });

  it('is without the headings of steps where their names are shown', () => {
    const lines: string[] = [];
    const log = new LogLines((line) => lines.push(line));
    log.push('##[group]Run make\nmake\n##[endgroup]\nout\n##[group]Files\na\n##[endg');
    log.push('roup]\n##[error]bad');
    log.end();
    expect(lines).to.deep.equal(['out', '▸ Files', 'a', 'Error: bad']);
  });
});
