import { expect } from 'chai';
import {
  ExpressionFailed,
  evaluate,
  evaluateBoolean,
  evaluateCondition,
  evaluateNumber,
  evaluateText,
  type Scope,
  toText,
} from '../../src/workflow/expression.ts';
import { type Json, parseTemplate, type Template } from '../../src/workflow/template.ts';

/** Half of a template's largest result, and JSON of that length. */
const long = `[${Array(262_000).fill(1).join()}]`;

const scope: Scope = {
  contexts: {
    github: {
      ref: 'refs/heads/main',
      event: {
        commits: [
          { id: 'a', tags: ['x'] },
          { id: 'b', tags: ['y', 'z'] },
        ],
      },
    },
    env: { LONG: long, NAME: "it's", constructor: 'kept', ['__proto__']: 'kept too' },
    matrix: { os: 'linux', node: 20, flag: false, nothing: null, nested: { deep: [1, 2] } },
    needs: { build: { result: 'success', outputs: { Version: '1.2' } } },
    inputs: { 'dry-run': true, count: 0 },
  },
  functions: {
    success: () => true,
    failure: () => false,
    always: () => true,
    hashFiles: (...globs) => `hash of ${globs.join(' ')}`,
  },
};

const read = (text: string): Template => parseTemplate(text) ?? text;

describe('an expression', () => {
  const cases: [expression: string, value: Json][] = [
    ["'text'", 'text'],
    ["'it''s o''clock, isn''t it'", "it's o'clock, isn't it"],
    ["''''", "'"],
    ['1', 1],
    ['-1.5e2', -150],
    ['0xff', 255],
    ['true', true],
    ['null', null],
    ['github.ref', 'refs/heads/main'],
    ['GitHub.REF', 'refs/heads/main'],
    ["github['ref']", 'refs/heads/main'],
    ['github.missing', null],
    ['github.missing.deeper', null],
    ['env.NAME', "it's"],
    ['ENV.name', null],
    ['env.constructor', 'kept'],
    ['env.__proto__', 'kept too'],
    ['env.toString', null],
    ['steps.any.outputs.x', null],
    ['secrets.TOKEN', null],
    ['matrix.nested.deep[1]', 2],
    ['matrix.nested.deep[7]', null],
    ['needs.BUILD.outputs.version', '1.2'],
    ["inputs['dry-run']", true],
    ['github.event.commits.*.id', ['a', 'b']],
    ['github.event.commits[*].tags', [['x'], ['y', 'z']]],
    ["contains(github.event.commits.*.id, 'b')", true],
    ["join(github.event.commits.*.id, '+')", 'a+b'],
    ['join(github.event.commits.*.id)', 'a,b'],
    ["join('one')", 'one'],
    ['join(fromJSON(\'[{"a":1},[2],3]\'))', 'Object,Array,3'],
    ["format('{0}-{1}{{}}', 'a', 2)", 'a-2{}'],
    ["format('{1}{0}', 'a', 'b')", 'ba'],
    ["contains('Hello', 'LL')", true],
    ["startsWith(github.ref, 'REFS/heads/')", true],
    ["endsWith(github.ref, '/main')", true],
    ['fromJSON(\'{"a":[1,{"constructor":true}]}\').a[1].constructor', true],
    ['toJSON(matrix.nested)', '{\n  "deep": [\n    1,\n    2\n  ]\n}'],
    ['toJSON(fromJSON(\'{"__proto__":1}\'))', '{\n  "__proto__": 1\n}'],
    ["'A' == 'a'", true],
    ["'a' < 'B'", true],
    ["1 == '1'", true],
    ["'' == 0", true],
    ['null == 0', true],
    ["true == '1'", true],
    ["'abc' == 1", false],
    ['matrix.nested == matrix.nested', true],
    ['matrix.nested == fromJSON(toJSON(matrix.nested))', false],
    ['!matrix.flag', true],
    ['!null && 1', 1],
    ["matrix.nothing || 'else'", 'else'],
    ["matrix.os == 'linux' && 'yes' || 'no'", 'yes'],
    ['success() && !failure()', true],
    ["hashFiles('a', '**/b')", 'hash of a **/b'],
    ["case(matrix.node > 18, 'new', 'old')", 'new'],
  ];
  for (const [expression, value] of cases) {
    it(`${expression} is ${JSON.stringify(value)}`, () => {
      expect(evaluate([{ expression }], scope)).to.deep.equal(value);
    });
  }

  const broken: [expression: string, why: RegExp][] = [
    ['', /empty/],
    ['a.b', /'a'/],
    ['github.', /Unexpected/],
    ['constructor()', /the function constructor does not exist/],
    ['hasOwnProperty(github)', /the function hasOwnProperty does not exist/],
    ["format('{1}', 'a')", /no argument for \{1\}/],
    ["format('{', 'a')", /unescaped brace/],
    ["fromJSON('{')", /not valid JSON/],
    ["fromJSON('')", /is empty/],
    ['cancelled()', /cannot be used here/],
    [`'${'x'.repeat(21_000)}'`, /longer than 21000/],
    [`${'('.repeat(60)}1${')'.repeat(60)}`, /depth/i],
    [`${Array.from({ length: 40 }, () => "format('{0}{0}', ").join('')}'xx'${')'.repeat(40)}`, /more than 1048576/],
    ["format('{0}{0}{0}', env.LONG)", /more than 1048576/],
    ["join(fromJSON('[1, 2, 3, 4]'), env.LONG)", /more than 1048576/],
    [`toJSON(fromJSON('${'['.repeat(3000)}${']'.repeat(3000)}'))`, /more than 500 levels/],
    ['toJSON(fromJSON(env.LONG))', /more than 1048576/],
    [
      `format('', ${Array(20)
        .fill(0)
        .map(() => 'fromJSON(env.LONG)')
        .join()})`,
      /processes more than 4194304/,
    ],
  ];
  for (const [expression, why] of broken) {
    it(`${expression.slice(0, 40) || 'that is empty'} is refused with a reason`, () => {
      expect(() => evaluate([{ expression }], scope))
        .to.throw(ExpressionFailed)
        .with.property('message')
        .that.matches(why);
    });
  }

  it('uses a changed context in a new scope', () => {
    const of = (value: string) => evaluate(read('${{ env.A }}'), { contexts: { env: { A: value } } });
    expect([of('one'), of('two')]).to.deep.equal(['one', 'two']);
  });
});

describe('a template', () => {
  const cases: [text: string, value: Json][] = [
    ['plain', 'plain'],
    ['${{ matrix.node }}', 20],
    ['v${{ matrix.node }}', 'v20'],
    ['${{ matrix.node }} ', '20 '],
    ['${{ matrix.flag }}/${{ matrix.nothing }}/${{ matrix.nested }}', 'false//Object'],
    ["a ${{ '}}' }} b", 'a }} b'],
    ["it's ${{ env.NAME }} and 'that''s' {braces} {0}", "it's it's and 'that''s' {braces} {0}"],
    ['$${{ matrix.os }}{{', '$linux{{'],
  ];
  for (const [text, value] of cases) {
    it(`${JSON.stringify(text)} is ${JSON.stringify(value)}`, () => {
      expect(evaluate(read(text), scope)).to.deep.equal(value);
    });
  }

  it('with an unclosed expression is plain text', () => {
    expect(parseTemplate("echo ${{ '}}")).to.equal(undefined);
  });

  it('with a too large result is refused before it is built', () => {
    const twice = '${{ env.LONG }}'.repeat(2);
    expect(evaluateText(read('${{ env.LONG }}'), scope)).to.equal(long);
    expect(() => evaluateText(read(twice), scope)).to.not.throw();
    expect(() => evaluateText(read('${{ env.LONG }}'.repeat(5000)), scope)).to.throw(
      ExpressionFailed,
      /more than 1048576/,
    );
  });

  it('of any length may contain an expression; text around it does not count towards the limit', () => {
    const script = `${'# a line\n'.repeat(10_000)}echo \${{ matrix.os }}`;
    expect(evaluateText(read(script), scope)).to.equal(`${'# a line\n'.repeat(10_000)}echo linux`);
  });
});

describe('the value of an expression', () => {
  it('is true or false as on GitHub', () => {
    const holds = (expression: string) => evaluateCondition(expression, scope);
    expect(['0', "''", 'null', 'false', "fromJSON('0')"].map(holds)).to.not.include(true);
    expect(['1', "'false'", "' '", 'matrix', "fromJSON('[]')"].map(holds)).to.not.include(false);
  });

  it('is refused where a boolean or a number is required and it is neither', () => {
    expect(evaluateBoolean('true', scope)).to.equal(true);
    expect(evaluateBoolean(read('${{ matrix.flag }}'), scope)).to.equal(false);
    expect(() => evaluateBoolean(read('${{ matrix.os }}'), scope)).to.throw(/true or false, not another text$/);
    expect(evaluateNumber('10', scope)).to.equal(10);
    expect(evaluateNumber(read('${{ matrix.node }}'), scope)).to.equal(20);
    for (const text of ['', 'ten', '${{ matrix.nothing }}']) {
      expect(() => evaluateNumber(read(text), scope), text).to.throw(/must be a number/);
    }
  });

  it('is converted to text as on GitHub', () => {
    expect([null, true, 0, -0, 1.5, 1e21, 'x', [1], { a: 1 }].map(toText)).to.deep.equal([
      '',
      'true',
      '0',
      '0',
      '1.5',
      '1e+21',
      'x',
      'Array',
      'Object',
    ]);
  });
});
