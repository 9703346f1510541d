import { expect } from 'chai';
import { StepFault } from '../../../src/job/fault.ts';
import { parseEnvironmentFile, parsePathFile } from '../../../src/job/steps/environment-file.ts';

describe('an environment file', () => {
  const accepted: [content: string, pairs: [string, string][]][] = [
    ['', []],
    ['\n\n', []],
    ['A=1', [['A', '1']]],
    [
      'A=1\nB=2\n',
      [
        ['A', '1'],
        ['B', '2'],
      ],
    ],
    ['A=', [['A', '']]],
    ['A=b=c', [['A', 'b=c']]],
    ['A= b ', [['A', ' b ']]],
    ['A =b', [['A ', 'b']]],
    ['A=x<<y', [['A', 'x<<y']]],
    ['\uFEFFA=1', [['A', '1']]],
    ['A=1\r\n', [['A', '1\r']]],
    [
      'A<<EOF\none\ntwo\nEOF\nB=2',
      [
        ['A', 'one\ntwo'],
        ['B', '2'],
      ],
    ],
    ['A<<EOF\nEOF\n', [['A', '']]],
    ['A<<EOF\n\nEOF', [['A', '']]],
    ['A<<EOF\n\n\nEOF', [['A', '\n']]],
    ['A<<EOF\nB=1\n<<C\nEOF', [['A', 'B=1\n<<C']]],
    ['A<<=\nx\n=', [['A', 'x']]],
    ['A<<a b\nx\na b', [['A', 'x']]],
    ['A<<E\r\nx\r\nE\r\n', [['A', 'x\r']]],
    [
      'A=1\nA=2',
      [
        ['A', '1'],
        ['A', '2'],
      ],
    ],
  ];
  for (const [content, pairs] of accepted) {
    it(`reads ${JSON.stringify(content)}`, () => expect(parseEnvironmentFile(content)).to.deep.equal(pairs));
  }

  for (const [content, words] of [
    ['A', 'Invalid format in line 1'],
    ['=x', 'Name must not be empty'],
    ['<<EOF\nx\nEOF', 'Name must not be empty and delimiter must not be empty'],
    ['A<<\nx', 'Name must not be empty and delimiter must not be empty'],
    ['A<<EOF\nx', 'Matching delimiter not found for line 1'],
    ['A<<EOF\nx\n EOF', 'Matching delimiter not found for line 1'],
    ['A<<EOF', 'Matching delimiter not found for line 1'],
  ] as const) {
    it(`refuses ${JSON.stringify(content)}`, () => {
      expect(() => parseEnvironmentFile(content)).to.throw(StepFault, words);
    });
  }

  it('of folders has one a line', () => {
    expect(parsePathFile('/a\n\n/b c\r\n  \n/d')).to.deep.equal(['/a', '/b c', '/d']);
  });
});
