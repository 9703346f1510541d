import { expect } from 'chai';
import { Masker } from '../../../src/job/output/masker.ts';

describe('the masker', () => {
  function mask(secrets: string[], chunks: (string | Buffer)[]): string {
    const masker = new Masker(secrets);
    return Buffer.concat([...chunks.map((chunk) => masker.push(Buffer.from(chunk))), masker.end()]).toString();
  }

  const cases: [what: string, secrets: string[], text: string, shown: string][] = [
    ['nothing where there are no secrets', [], 'plain text', 'plain text'],
    ['a secret', ['hunter22'], 'it is hunter22, hunter22', 'it is ***, ***'],
    ['a secret of one character', ['q'], 'a q and a qq', 'a *** and a ******'],
    ['no empty secret', ['', ' \n'], 'a b', 'a b'],
    ['the longer of two that begin alike', ['abc', 'abcdef'], 'abcdef abcx', '*** ***x'],
    ['secrets that overlap, together', ['abcd', 'cdef'], 'x abcdef y', 'x *** y'],
    ['a secret without its last line end', ['token1\n'], 'token1 token1', '*** ***'],
    ['each line of a secret of several', ['first line\nsecond line'], 'a second line b', 'a *** b'],
    ['not a line that is too short to be one', ['{\nsecret-text\n}'], '{ secret-text }', '{ *** }'],
    ['what is not ASCII', ['pässwört'], 'ein pässwört!', 'ein ***!'],
    ['base64 of a secret', ['topsecret!'], Buffer.from('topsecret!').toString('base64'), '***Q=='],
    ['base64 of a text with a secret', ['topsecret!'], Buffer.from('user:topsecret!x').toString('base64'), ''],
    [
      'base64 of a text with a secret one place on',
      ['topsecret!'],
      Buffer.from('users:topsecret!x').toString('base64'),
      '',
    ],
    [
      'base64 of a text with a secret two places on',
      ['topsecret!'],
      Buffer.from('users1:topsecret!x').toString('base64'),
      '',
    ],
    ['the form in a URL', ['a b/c&d'], 'https://x/?q=a%20b%2Fc%26d', 'https://x/?q=***'],
    ['the form in a URL that keeps slashes', ['a b/c&(d)'], 'https://x/a%20b/c%26%28d%29/y', 'https://x/***/y'],
    ['the form in what a form sends', ['a b/c&d'], 'q=a+b%2Fc%26d', 'q=***'],
    ['the form in JSON', ['a"b\\c-d'], JSON.stringify({ x: 'a"b\\c-d' }), '{"x":"***"}'],
    ['the form in XML', ['a<b>&c'], '<x>a&lt;b&gt;&amp;c</x>', '<x>***</x>'],
  ];
  for (const [what, secrets, text, shown] of cases) {
    it(`hides ${what}`, () => {
      const whole = mask(secrets, [text]);
      if (shown !== '') expect(whole).to.equal(shown);
      else expect(whole).to.include('***').and.not.equal(text);
      const bytes = Buffer.from(text);
      expect(
        mask(
          secrets,
          Array.from(bytes, (byte) => Buffer.from([byte])),
        ),
      ).to.equal(whole);
      for (let cut = 1; cut < bytes.length; cut++) {
        expect(mask(secrets, [bytes.subarray(0, cut), bytes.subarray(cut)]), `cut at ${cut}`).to.equal(whole);
      }
    });
  }

  it('holds back no more than what may begin a secret', () => {
    const masker = new Masker(['secret']);
    expect(masker.push(Buffer.from('progress: 10%')).toString()).to.equal('progress: 10%');
    expect(masker.push(Buffer.from(' and sec')).toString()).to.equal(' and ');
    expect(masker.push(Buffer.from('ond!')).toString()).to.equal('second!');
  });

  it('hides a secret that it is told later', () => {
    const masker = new Masker();
    expect(masker.push(Buffer.from('later ')).toString()).to.equal('later ');
    masker.add('later');
    expect(masker.push(Buffer.from('later ')).toString()).to.equal('*** ');
    expect(masker.text('not later')).to.equal('not ***');
  });

  it('keeps bytes that are no text', () => {
    const bytes = Buffer.from([0, 255, 254, 10, 13, 128]);
    expect(new Masker(['secret']).push(bytes).equals(bytes)).to.equal(true);
  });
});
