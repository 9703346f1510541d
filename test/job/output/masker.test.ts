import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { expect } from 'chai';
import { Masker } from '../../../src/job/output/masker.ts';
import { Random } from '../../support/random.ts';

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

  it('holds back only what may be the beginning of a secret', () => {
    const masker = new Masker(['secret']);
    expect(masker.push(Buffer.from('progress: 10%')).toString()).to.equal('progress: 10%');
    expect(masker.push(Buffer.from(' and sec')).toString()).to.equal(' and ');
    expect(masker.push(Buffer.from('ond!')).toString()).to.equal('second!');
  });

  it('masks a secret that is added later', () => {
    const masker = new Masker();
    expect(masker.push(Buffer.from('later ')).toString()).to.equal('later ');
    masker.add('later');
    expect(masker.push(Buffer.from('later ')).toString()).to.equal('*** ');
    expect(masker.text('not later')).to.equal('not ***');
  });

  it('keeps bytes that are not text', () => {
    const bytes = Buffer.from([0, 255, 254, 10, 13, 128]);
    expect(new Masker(['secret']).push(bytes).equals(bytes)).to.equal(true);
  });

  it('finds the same as a search for each string alone', () => {
    const numbers = new Random(7);
    const random = () => numbers.next();
    const letters = (count: number) => Array.from({ length: count }, () => 'ab'[Math.floor(random() * 2)]).join('');
    for (let round = 0; round < 300; round++) {
      const secrets = Array.from({ length: 1 + Math.floor(random() * 6) }, () => letters(1 + Math.floor(random() * 5)));
      const text = letters(40);
      const isHidden = Array.from(text, (_, at) =>
        secrets.some((secret) =>
          Array.from(secret, (_, back) => at - back).some((start) => start >= 0 && text.startsWith(secret, start)),
        ),
      );
      const cut = Math.floor(random() * 40);
      const masker = new Masker();
      const parts = secrets.map((secret) => {
        masker.add(secret);
        return masker.push(Buffer.alloc(0));
      });
      parts.push(masker.push(Buffer.from(text.slice(0, cut))), masker.push(Buffer.from(text.slice(cut))), masker.end());
      const plain = Buffer.concat(parts).toString().replaceAll('*', '');
      expect(plain, `${secrets} in ${text}`).to.equal(
        Array.from(text)
          .filter((_, at) => !isHidden[at])
          .join(''),
      );
    }
  });

  describe('masks encoded forms of a secret', () => {
    const secret = `it's "a" $ecret & <more>/\\ of ${'0123456789 '.repeat(9)}pässwörd!`;
    const programs: [what: string, script: string][] = [
      ['base64, wrapped', 'printf %s "$SECRET" | base64'],
      ['base64 of a text that it stands in, wrapped', 'printf "user:%s@host" "$SECRET" | base64'],
      ['base64 of a text that it stands in further on', 'printf "a longer user:%s@host" "$SECRET" | base64 -w 64'],
      ['base64 of a text, wrapped with carriage returns', 'printf "ab:%s" "$SECRET" | base64 -w 60 | sed "s/$/\\r/"'],
      ['base64url', 'printf %s "$SECRET" | base64 -w 0 | tr +/ -_'],
      ['hexadecimal', 'printf %s "$SECRET" | od -An -v -tx1 | tr -d " \\n"'],
      ['hexadecimal, wrapped', 'printf %s "$SECRET" | od -An -v -tx1 | tr -d " "'],
      ['hexadecimal in capitals', 'printf %s "$SECRET" | od -An -v -tx1 | tr -d " \\n" | tr a-f A-F'],
      ['what bash shows of a command', 'set -x; : "$SECRET"'],
      ['printf %q', 'printf %q "$SECRET"'],
      ['what bash declares', 'declare -p SECRET'],
      ['a quoted expansion', 'echo "${SECRET@Q}"'],
    ];
    for (const [what, script] of programs) {
      it(what, () => {
        const { stdout, stderr } = spawnSync('bash', ['--norc', '--noprofile', '-c', script], {
          stdio: ['ignore', 'pipe', 'pipe'],
          env: { PATH: process.env.PATH, LC_ALL: 'C.UTF-8', SECRET: secret },
          encoding: 'utf8',
        });
        const said = stdout + stderr;
        expect(said.length).to.be.above(secret.length);
        const shown = mask([secret], [said]);
        expect(shown).to.include('***');
        // what stands around it, and what of its ends shares a group of base64 with that
        expect(shown.replaceAll('***', '').length, shown).to.be.below(45);
      });
    }

    const encoders: [what: string, encode: (text: string) => string][] = [
      [
        'JSON of Go',
        (text) => JSON.stringify(text).replace(/[<>&]/g, (mark) => `\\u00${mark.charCodeAt(0).toString(16)}`),
      ],
      [
        'JSON in ASCII',
        (text) => JSON.stringify(text).replace(/[^\0-\x7f]/g, (mark) => `\\u00${mark.charCodeAt(0).toString(16)}`),
      ],
      ['JSON with escaped slashes', (text) => JSON.stringify(text).replaceAll('/', '\\/')],
      ['a URL in small letters', (text) => encodeURIComponent(text).replace(/%../g, (code) => code.toLowerCase())],
      [
        'HTML with numbers',
        (text) =>
          text
            .replaceAll('&', '&amp;')
            .replaceAll('<', '&lt;')
            .replaceAll('>', '&gt;')
            .replaceAll('"', '&#34;')
            .replaceAll("'", '&#39;'),
      ],
    ];
    for (const [what, encode] of encoders)
      it(what, () => expect(mask([secret], [`x ${encode(secret)} y`])).to.match(/^x "?\*\*\*"? y$/));
  });

  it('does not take two ordinary lines for one wrapped secret', () => {
    const secret = 'a secret of some length';
    const base64 = Buffer.from(secret).toString('base64');
    const [head, tail] = [base64.slice(0, 10), base64.slice(10)];
    for (const between of ['\n\n', '\nshort\n', ' \n', '\n ']) {
      const text = `${head}${between}${tail}`;
      expect(mask([secret], [text])).to.equal(text);
    }
    expect(mask([secret], [`${head}\n${tail}`])).to.match(/^\*\*\*/);
  });

  it('takes time in proportion to the output, whatever is masked', () => {
    const text = Buffer.alloc(2_000_000, 'a');
    const took = (secrets: string[]) => {
      const masker = new Masker(secrets);
      masker.text('');
      const before = process.cpuUsage();
      for (let at = 0; at < text.length; at += 65_536) masker.push(text.subarray(at, at + 65_536));
      const { user, system } = process.cpuUsage(before);
      return (user + system) / 1000;
    };
    const alike = Array.from({ length: 1000 }, (_, index) => `${'a'.repeat(100)}${index}`);
    for (const secrets of [alike, [`${'a'.repeat(200_000)}b`]]) expect(took(secrets)).to.be.below(1500);
  });

  it('withholds all output if there are too many secrets, and says so once', () => {
    for (const secrets of [
      Array.from({ length: 1001 }, (_, index) => `secret number ${index}`),
      [randomBytes(3_000_000).toString('base64')],
    ]) {
      const masker = new Masker(secrets);
      const shown = ['one\n', 'two\n', ''].map((text) => masker.push(Buffer.from(text)).toString());
      expect(shown[0]).to.match(/^\n\[volt\] output is withheld: .*1000 values.*\n$/);
      expect([...shown.slice(1), masker.end().toString()].join('')).to.equal('');
      expect(masker.text('secret number 1 in a message')).to.match(/^output is withheld/);
    }
  });
});
