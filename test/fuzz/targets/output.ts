import { expect } from 'chai';
import fc from 'fast-check';
import { StepFault } from '../../../src/job/fault.ts';
import { findProblems } from '../../../src/job/output/find-problems.ts';
import { Masker } from '../../../src/job/output/masker.ts';
import { Matchers } from '../../../src/job/output/matchers.ts';
import { StepOutput } from '../../../src/job/output/step-output.ts';
import { TestCollection } from '../../../src/job/reports/collection.ts';
import { OutputTests } from '../../../src/job/reports/output.ts';
import { parseEnvironmentFile, parsePathFile } from '../../../src/job/steps/environment-file.ts';
import { type Target, target } from '../target.ts';
import { anyBytes, anyCuts, anyText, pieces, soup } from '../texts.ts';

/** Encodings that programs apply to a value before they print it. */
const encodings: { [name: string]: (value: string) => string } = {
  plain: (value) => value,
  json: (value) => JSON.stringify(value),
  base64: (value) => Buffer.from(value).toString('base64'),
  base64url: (value) => Buffer.from(value).toString('base64url'),
  'base64 of more': (value) => Buffer.from(`user:${value}`).toString('base64'),
  'base64 in lines': (value) =>
    Buffer.from(value)
      .toString('base64')
      .replace(/(.{64})/g, '$1\n'),
  hex: (value) => Buffer.from(value).toString('hex'),
  url: (value) => encodeURIComponent(value),
  shell: (value) => `'${value.replaceAll("'", "'\\''")}'`,
  markup: (value) => value.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;'),
};

/** Realistic secrets, which ordinary output does not contain by chance. */
const secret = fc
  .tuple(
    fc.string({ unit: fc.constantFrom(...'abcXYZ0189+/=_-.$&<>\'"\\%! '), minLength: 12, maxLength: 60 }),
    fc.option(fc.string({ unit: fc.constantFrom(...'abcXYZ0189\n'), minLength: 12, maxLength: 40 })),
  )
  .map(([one, more]) => (more ? `${one}\n${more}` : one).trim())
  .filter((text) => text.length >= 12 && text.split('\n').every((line) => new Set(line).size > 4));

const printed = fc.array(
  fc.oneof(
    fc.record({ index: fc.nat(2), encoding: fc.constantFrom(...Object.keys(encodings)) }),
    anyText(4),
    fc.constantFrom('\n', ' ', '*', '***'),
  ),
  { minLength: 1, maxLength: 10 },
);

interface Printed {
  secrets: string[];
  parts: (string | { index: number; encoding: string })[];
  cuts: number[];
}

function bytesOf({ secrets, parts }: Printed): Buffer {
  const encoded = parts.map((part) => {
    if (typeof part === 'string') return part;
    const value = secrets[part.index % secrets.length] as string;
    return (encodings[part.encoding] as (value: string) => string)(value);
  });
  return Buffer.from(encoded.join('\n|'));
}

function masked(secrets: readonly string[], chunks: readonly Buffer[]): string {
  const masker = new Masker(secrets);
  const out = chunks.map((chunk) => {
    const copy = Buffer.from(chunk);
    const shown = Buffer.from(masker.push(copy));
    // the bytes are valid until it returns
    copy.fill('?');
    return shown;
  });
  return Buffer.concat([...out, masker.end()]).toString('latin1');
}

const secretOutput: fc.Arbitrary<Printed> = fc.record({
  secrets: fc.array(secret, { minLength: 1, maxLength: 3 }),
  parts: printed,
  cuts: anyCuts,
});

/** The shown output contains no encoding of a secret that Volt promises to hide. */
function checkHidden(given: Printed): void {
  const bytes = bytesOf(given);
  const shown = masked(given.secrets, pieces(bytes, given.cuts));
  expect(shown).to.equal(masked(given.secrets, [bytes]));
  expect(shown).to.equal(Buffer.from(new Masker(given.secrets).text(bytes.toString())).toString('latin1'));
  for (const value of given.secrets)
    for (const [name, encode] of Object.entries(encodings)) {
      if (name === 'base64 of more') continue;
      const form = Buffer.from(encode(value)).toString('latin1');
      expect(shown.includes(form), `${name} of ${JSON.stringify(value)} in ${JSON.stringify(shown)}`).to.equal(false);
    }
  // nor a long part of the value's base64 at another offset
  for (const value of given.secrets) {
    const inner = Buffer.from(`user:${value}`).toString('base64').slice(12, -8);
    if (inner.length > 12) expect(shown.includes(inner), `a part of base64 of ${value}`).to.equal(false);
  }
}

const lines = [
  '::error::',
  '::group::a',
  '::endgroup::',
  '##[warning]x',
  '::add-mask::hidden',
  '::stop-commands::t',
  '::t::',
  '::echo::on',
  '::debug::d',
  '::notice file=a,line=1::n',
  '::',
  '\n',
  '\n',
  'text',
  ' ',
  'ü',
  '\r\n',
  '::set-output name=x::y',
  '::add-matcher::m.json',
];

async function throughStep(chunks: readonly Buffer[]): Promise<{ log: string; annotations: number; acts: string[] }> {
  const log: Buffer[] = [];
  const acts: string[] = [];
  let annotations = 0;
  const masker = new Masker(['hidden-secret']);
  const step = new StepOutput({
    masker,
    matchers: new Matchers(),
    find: async (search) => findProblems(search),
    debug: false,
    logged: () => 0,
    log: (chunk) => void log.push(Buffer.from(chunk)),
    annotate: () => void annotations++,
    act: ({ name, data }) => {
      acts.push(`${name} ${data}`);
      if (name === 'add-mask') masker.add(data);
      if (name === 'set-output') throw new Error('not here');
    },
  });
  for (const chunk of chunks) await step.write(chunk);
  await step.end();
  return { log: Buffer.concat(log).toString('latin1'), annotations, acts };
}

const testLines = [
  'TAP version 13\n',
  '1..2\n',
  'ok 1 - a\n',
  'not ok 2 - b\n',
  '  ---\n',
  '  ...\n',
  '--- FAIL: TestX (0.00s)\n',
  '=== RUN TestX\n',
  '{"Action":"pass","Test":"T","Package":"p"}\n',
  'test a::b ... ok\n',
  'running 1 test\n',
  'test result: ok. 1 passed; 0 failed\n',
  'Ran 1 test in 0.1s\n',
  'FAIL: t (m)\n',
  '  ✔ a (1.2ms)\n',
  '  1 passing (5ms)\n',
  '  1) x\n',
  '# Subtest: s\n',
  'ℹ tests 1\n',
  'Tests: 1 failed, 1 total\n',
  'PASS a.test.js\n',
  ' FAIL  a.test.ts > b\n',
  '======\n',
  '------\n',
  '\u001b[32m',
  '    ',
  'x\n',
  '\n',
];

async function testsOf(chunks: readonly Buffer[]) {
  const output = new OutputTests();
  for (const chunk of chunks) output.push(chunk);
  const tests = new TestCollection('/work');
  await output.end(tests);
  return tests.end();
}

export const outputTargets: Target[] = [
  target('masking', 'no secret shows in output, in no encoding and however it is cut', 150, secretOutput, checkHidden),
  target(
    'step-output',
    'what a step prints comes to the same log, commands and annotations, wherever it is cut',
    200,
    fc.tuple(anyBytes(soup(lines, 20)), anyCuts),
    async ([bytes, cuts]) => {
      expect(await throughStep(pieces(bytes, cuts))).to.deep.equal(await throughStep([bytes]));
    },
  ),
  target(
    'printed-tests',
    'tests that are found in output are the same wherever it is cut, and within bounds',
    200,
    fc.tuple(anyBytes(soup(testLines, 30)), anyCuts),
    async ([bytes, cuts]) => {
      const found = await testsOf(pieces(bytes, cuts));
      expect(found).to.deep.equal(await testsOf([bytes]));
      expect(found.summary.listed).to.equal(found.results.length);
      expect(found.summary.total).to.equal(found.summary.passed + found.summary.failed + found.summary.skipped);
    },
  ),
  target(
    'environment-files',
    'pairs that are written into a file of a step are read as they were written',
    500,
    fc.array(fc.tuple(fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_]{0,9}$/), anyText(5)), { maxLength: 6 }),
    (pairs) => {
      const text = pairs.map(([name, value], index) => {
        const delimiter = `end_${index}_${Buffer.from(value).toString('hex')}`;
        return `${name}<<${delimiter}\n${value}\n${delimiter}\n`;
      });
      expect(parseEnvironmentFile(text.join(''))).to.deep.equal(pairs);
    },
  ),
  target(
    'environment-text',
    'any file of a step is read or refused with its line',
    1000,
    soup(['A', '=', '<<', 'EOF', '\n', '\r\n', '\ufeff', ' '], 20),
    (text) => {
      for (const parse of [parseEnvironmentFile, parsePathFile])
        try {
          parse(text);
        } catch (error) {
          if (!(error instanceof StepFault)) throw error;
        }
    },
  ),
];
