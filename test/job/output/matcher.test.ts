import { expect } from 'chai';
import { Matchers } from '../../../src/job/output/matchers.ts';

describe('problem matchers', () => {
  const matcherOf = (owner: string, pattern: object[], more: object = {}) =>
    JSON.stringify({ problemMatcher: [{ owner, pattern, ...more }] });
  const tsc = matcherOf('tsc', [
    {
      regexp: '^([^\\s].*)\\((\\d+),(\\d+)\\):\\s+(error|warning|info)\\s+(TS\\d+)\\s*:\\s*(.*)$',
      file: 1,
      line: 2,
      column: 3,
      severity: 4,
      code: 5,
      message: 6,
    },
  ]);
  const stylish = matcherOf('eslint', [
    { regexp: '^([^\\s].*)$', file: 1 },
    {
      regexp: '^\\s+(\\d+):(\\d+)\\s+(error|warning)\\s+(.*?)\\s\\s+(.*)$',
      line: 1,
      column: 2,
      severity: 3,
      message: 4,
      code: 5,
      loop: true,
    },
  ]);

  function find(files: string[], lines: string[]) {
    const matchers = new Matchers();
    for (const file of files) matchers.add(file);
    return matchers
      .find(lines)
      .problems.map(({ level, file, line, column, message }) => [level, file, line, column, message]);
  }

  it('find a problem in one line, colours aside', () => {
    expect(
      find([tsc], ['all well', '\u001b[31msrc/a.ts(3,14): error TS2304: Cannot find name.\u001b[0m\r']),
    ).to.deep.equal([['error', 'src/a.ts', 3, 14, 'TS2304: Cannot find name.']]);
  });

  it('find problems in several lines, and go on while they follow each other', () => {
    const lines = [
      '/src/a.js',
      '  1:2  error  Missing semicolon  semi',
      '  5:6  warning  Unused  no-unused',
      '',
      '  7:8  error  Alone  x',
    ];
    expect(find([stylish], lines)).to.deep.equal([
      ['error', '/src/a.js', 1, 2, 'semi: Missing semicolon'],
      ['warning', '/src/a.js', 5, 6, 'no-unused: Unused'],
    ]);
  });

  it('take the severity of the matcher where the line has none, and none that is no level', () => {
    const simple = (severity?: string) => matcherOf('x', [{ regexp: '^E (.*)', message: 1 }], { severity });
    expect(find([simple()], ['E a'])[0]?.[0]).to.equal('error');
    expect(find([simple('warning')], ['E a'])[0]?.[0]).to.equal('warning');
    expect(find([tsc], ['a(1,1): info TS1: x'])).to.deep.equal([]);
  });

  it('replace one of the same owner, and can be removed', () => {
    const matchers = new Matchers();
    matchers.add(matcherOf('x', [{ regexp: '^a(.*)', message: 1 }]));
    matchers.add(matcherOf('x', [{ regexp: '^b(.*)', message: 1 }]));
    expect(matchers.find(['a1', 'b1']).problems.map(({ message }) => message)).to.deep.equal(['1']);
    matchers.remove('x');
    expect(matchers.active).to.equal(false);
  });

  it('are removed when they take too long over a line, and the others go on', () => {
    const matchers = new Matchers();
    matchers.add(matcherOf('good', [{ regexp: '^E (.*)', message: 1 }]));
    matchers.add(matcherOf('slow', [{ regexp: '^(a+)+$', message: 1 }]));
    const { problems, removed } = matchers.find([`${'a'.repeat(60)}!`, 'E found']);
    expect(removed).to.deep.equal(['slow']);
    expect(problems.map(({ message }) => message)).to.deep.equal(['found']);
  });

  for (const [what, text] of [
    ['what is not JSON', '{'],
    ['a file of something else', '{}'],
    ['an expression that is none', matcherOf('x', [{ regexp: '(' }])],
    ['no pattern', matcherOf('x', [])],
  ] as const) {
    it(`refuse ${what}`, () => expect(() => new Matchers().add(text)).to.throw());
  }
});
