import fc from 'fast-check';

/** Characters that are special for a terminal, a page, a program that splits lines, or a parser. */
const nasty = [
  ...['', ' ', '\t', '\n', '\r\n', '\r', '\0', '\u001b', '\u009b', '\u0085', '\u007f', '\u2028', '\u2029', '\ufeff'],
  ...['\u001b[31m', '\u001b[2J', '\u001b]0;title\u0007', '\u001b]52;c;aGk=\u001b\\', '\u001b[', '\u001bP'],
  ...[
    '\u202e',
    '\u202d',
    '\u2066',
    '\u2069',
    '\u200f',
    '\u200b',
    '\u00ad',
    'e\u0301',
    '👩‍👩‍👧',
    '\ud800',
    '\udc00',
    '文字',
    'ß',
    'İ',
  ],
  ...['<script>', '</title>', '&amp;', '"', "'", '`', '\\', '\\n', '%0A', '%', '$', '${{', '}}', '${{ secrets.X }}'],
  ...[
    '::',
    '##[',
    '::error::',
    '::add-mask::x',
    '::stop-commands::t',
    '..',
    '/',
    '//',
    '../',
    '.git',
    '.lock',
    '@{',
    '@',
  ],
  ...['-', '--', '#', ':', '?', '*', '**', '[', ']', '{', '}', '{a,b}', '!', '&a', '*a', '|', '>', '<<', '=', '~', '+'],
  ...[
    '__proto__',
    'constructor',
    'toString',
    'null',
    'true',
    '0',
    '-1',
    '1e999',
    'NaN',
    '0x10',
    '12345678901234567890',
  ],
];

const character = fc.oneof(
  { weight: 4, arbitrary: fc.string({ unit: 'grapheme-ascii', maxLength: 6 }) },
  { weight: 4, arbitrary: fc.constantFrom(...nasty) },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 4 }) },
  { weight: 1, arbitrary: fc.string({ unit: 'grapheme', maxLength: 4 }) },
);

/** Any text, often with special characters. */
export function anyText(most = 20): fc.Arbitrary<string> {
  return fc.array(character, { maxLength: most }).map((parts) => parts.join(''));
}

/** Text made of pieces of a language and of random text. */
export function soup(words: readonly string[], most = 40): fc.Arbitrary<string> {
  const word = fc.oneof({ weight: 9, arbitrary: fc.constantFrom(...words) }, { weight: 1, arbitrary: character });
  return fc.array(word, { maxLength: most }).map((parts) => parts.join(''));
}

/** Bytes of a text, some of them invalid. */
export function anyBytes(text: fc.Arbitrary<string>): fc.Arbitrary<Buffer> {
  return fc.tuple(text, fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 3 })).map(([content, changes]) => {
    const bytes = Buffer.from(content);
    for (const [at, byte] of changes) if (bytes.length > 0) bytes[at % bytes.length] = byte;
    return bytes;
  });
}

/** The same bytes, split anywhere, also inside a character. */
export function pieces(bytes: Buffer, cuts: readonly number[]): Buffer[] {
  const places = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].sort((a, b) => a - b);
  return [0, ...places].map((from, index) => bytes.subarray(from, places[index] ?? bytes.length));
}

export const anyCuts = fc.array(fc.nat(1_000_000), { maxLength: 8 });

/** A text with some of its lines or characters changed. */
export function mutated(texts: readonly string[]): fc.Arbitrary<string> {
  const change = fc.record({
    kind: fc.constantFrom('drop', 'double', 'swap', 'indent', 'outdent', 'insert', 'cut', 'replace', 'join'),
    at: fc.nat(100_000),
    other: fc.nat(100_000),
    text: anyText(3),
  });
  return fc
    .tuple(fc.constantFrom(...texts), fc.array(change, { minLength: 1, maxLength: 8 }))
    .map(([text, changes]) => {
      const lines = text.split('\n');
      for (const { kind, at, other, text: given } of changes) {
        const index = at % lines.length;
        const line = lines[index] ?? '';
        const place = other % (line.length + 1);
        if (kind === 'drop' && lines.length > 1) lines.splice(index, 1);
        else if (kind === 'double') lines.splice(index, 0, line);
        else if (kind === 'swap')
          [lines[index], lines[other % lines.length]] = [lines[other % lines.length] ?? '', line];
        else if (kind === 'indent') lines[index] = `  ${line}`;
        else if (kind === 'outdent') lines[index] = line.replace(/^ {1,2}/, '');
        else if (kind === 'insert') lines[index] = line.slice(0, place) + given + line.slice(place);
        else if (kind === 'cut') lines[index] = line.slice(0, place);
        else if (kind === 'replace') lines[index] = line.replace(/:.*$/, `: ${given}`);
        else if (kind === 'join') lines.splice(index, 2, line + (lines[index + 1] ?? ''));
      }
      return lines.join('\n');
    });
}
