import { expect } from 'chai';
import { expandMatrix } from '../../src/workflow/matrix.ts';
import type { Json } from '../../src/workflow/template.ts';

const cells = (matrix: Json) => expandMatrix(matrix).map((combination) => combination.matrix);
const labels = (matrix: Json) => expandMatrix(matrix).map(({ label }) => label);

describe('a matrix', () => {
  it('combines its keys, the first one changing slowest', () => {
    expect(cells({ os: ['a', 'b'], node: [18, 20] })).to.deep.equal([
      { os: 'a', node: 18 },
      { os: 'a', node: 20 },
      { os: 'b', node: 18 },
      { os: 'b', node: 20 },
    ]);
  });

  it('excludes combinations that match a partial or nested filter, compared as in expressions', () => {
    const matrix = { os: ['Linux', 'mac'], node: [18, { version: 20, arch: 'arm' }] };
    expect(cells({ ...matrix, exclude: [{ os: 'linux', node: '18' }] })).to.have.length(3);
    expect(cells({ ...matrix, exclude: [{ os: 'mac' }] })).to.have.length(2);
    expect(cells({ ...matrix, exclude: [{ node: { arch: 'arm' } }] })).to.deep.equal([
      { os: 'Linux', node: 18 },
      { os: 'mac', node: 18 },
    ]);
  });

  it("is extended by include as in GitHub's documentation", () => {
    const matrix = {
      fruit: ['apple', 'pear'],
      animal: ['cat', 'dog'],
      include: [
        { color: 'green' },
        { color: 'pink', animal: 'cat' },
        { fruit: 'apple', shape: 'circle' },
        { fruit: 'banana' },
        { fruit: 'banana', animal: 'cat' },
      ],
    };
    expect(cells(matrix)).to.deep.equal([
      { fruit: 'apple', animal: 'cat', color: 'pink', shape: 'circle' },
      { fruit: 'apple', animal: 'dog', color: 'green', shape: 'circle' },
      { fruit: 'pear', animal: 'cat', color: 'pink' },
      { fruit: 'pear', animal: 'dog', color: 'green' },
      { fruit: 'banana' },
      { fruit: 'banana', animal: 'cat' },
    ]);
    expect(labels(matrix)).to.deep.equal([
      'apple, cat',
      'apple, dog',
      'pear, cat',
      'pear, dog',
      'banana',
      'banana, cat',
    ]);
  });

  it('may consist of include only', () => {
    expect(cells({ include: [{ site: 'a' }, { site: 'b', extra: null }] })).to.deep.equal([
      { site: 'a' },
      { site: 'b', extra: null },
    ]);
  });

  it('compares an include with the combinations before any include, after exclude', () => {
    const matrix = {
      os: ['a', 'b'],
      exclude: [{ os: 'b' }],
      include: [
        { os: 'b', extra: 1 },
        { os: 'b', more: 2 },
      ],
    };
    expect(cells(matrix)).to.deep.equal([{ os: 'a' }, { os: 'b', extra: 1 }, { os: 'b', more: 2 }]);
  });

  it('names combinations by the scalar values in them', () => {
    expect(labels({ x: [{ a: 1, b: [true, null, 'z'] }] })).to.deep.equal(['1, true, z']);
  });

  it('compares keys of include and exclude case-insensitively and keeps the spelling of the matrix', () => {
    const matrix = {
      OS: ['a', 'b'],
      Version: [{ Node: 18 }, { Node: 20 }],
      exclude: [{ os: 'b', version: { node: 20 } }],
      include: [
        { os: 'a', Extra: 1 },
        { os: 'c', extra: 2 },
        { os: 'a', extra: 3 },
      ],
    };
    expect(cells(matrix)).to.deep.equal([
      { OS: 'a', Version: { Node: 18 }, Extra: 3 },
      { OS: 'a', Version: { Node: 20 }, Extra: 3 },
      { OS: 'b', Version: { Node: 18 } },
      { os: 'c', extra: 2 },
    ]);
  });

  it('compares lists in a filter by entry, with null for a missing entry', () => {
    const matrix = { sq: [['a', 'b', 'c'], ['x'], [['a', 1]]] };
    expect(cells({ ...matrix, exclude: [{ sq: ['a'] }] })).to.deep.equal([{ sq: ['x'] }, { sq: [['a', 1]] }]);
    expect(cells({ ...matrix, exclude: [{ sq: [['a']] }] })).to.have.length(2);
    expect(cells({ ...matrix, exclude: [{ sq: ['x', null] }] })).to.have.length(2);
    expect(cells({ ...matrix, exclude: [{ sq: ['x', 'y'] }] })).to.have.length(3);
    expect(() => cells({ ...matrix, exclude: [{ sq: [] }] }), 'a filter without leaves').to.throw(/no combinations/);
  });

  it('accepts names of JavaScript object properties as keys', () => {
    const matrix = JSON.parse('{"os":["a"],"include":[{"os":"a","__proto__":1,"constructor":2}]}');
    expect(JSON.stringify(cells(matrix))).to.equal('[{"os":"a","__proto__":1,"constructor":2}]');
  });

  const wrong: [matrix: Json, why: RegExp][] = [
    ['text', /must be a mapping, not "text"/],
    [null, /must be a mapping, not null/],
    [{ os: 'linux' }, /"os" must be a list/],
    [{ os: [] }, /"os" has no values/],
    [{}, /no combinations/],
    [{ os: ['a'], exclude: [{ os: 'a' }] }, /no combinations/],
    [{ os: ['a'], exclude: [{ arch: 'x' }] }, /"arch", which is not a key of the matrix/],
    [{ os: ['a'], OS: ['b'] }, /has the key "OS" twice \(also as "os"\)/],
    [{ os: ['a'], include: [{ x: 1, X: 2 }] }, /has the key "X" twice \(also as "x"\)/],
    [{ os: ['a'], exclude: [{}] }, /an entry of `exclude` of the matrix has no values/],
    [{ os: ['a'], include: {} }, /`include` of the matrix must be a list/],
    [{ os: ['a'], include: ['x'] }, /an entry of `include`/],
    [{ a: Array(257).fill(1) }, /257 combinations; at most 256 are allowed/],
    [
      { a: Array(256).fill(1), b: Array(256).fill(2), exclude: Array(10_000).fill({ a: 3 }) },
      /10000 entries of `exclude` for 65536 combinations; the product must be at most 1000000/,
    ],
    [{ a: Array(200).fill(1), include: Array(10_000).fill({ a: 3 }) }, /10000 entries of `include`/],
    [Object.fromEntries('abcdefgh'.split('').map((key) => [key, Array(50).fill(0)])), /far more than 256/],
  ];
  for (const [matrix, why] of wrong) {
    it(`is refused with a reason: ${JSON.stringify(matrix).slice(0, 50)}`, () => {
      expect(() => expandMatrix(matrix)).to.throw(why);
    });
  }
});
