import { expect } from 'chai';
import fc from 'fast-check';
import { expandMatrix } from '../../../src/workflow/matrix.ts';
import type { Json } from '../../../src/workflow/template.ts';
import { type Target, target } from '../target.ts';

const scalar = fc.constantFrom<Json>('a', 'b', 'A', 1, 2, '1', true, false, null);
const key = fc.constantFrom('os', 'node', 'arch');
const entry = fc.dictionary(fc.oneof(key, fc.constantFrom('extra', 'more')), scalar, { minKeys: 1, maxKeys: 3 });

interface Matrix {
  vectors: { [key: string]: Json[] };
  include: { [key: string]: Json }[];
  exclude: { [key: string]: Json }[];
}

const matrices: fc.Arbitrary<Matrix> = fc.record({
  vectors: fc.dictionary(key, fc.array(scalar, { minLength: 1, maxLength: 3 }), { maxKeys: 3 }),
  include: fc.array(entry, { maxLength: 3 }),
  exclude: fc.array(fc.dictionary(key, scalar, { minKeys: 1, maxKeys: 2 }), { maxLength: 2 }),
});

/** GitHub's `==`, for the values in these matrices. */
function same(a: Json | undefined, b: Json | undefined): boolean {
  const [left, right] = [a ?? null, b ?? null];
  if (typeof left === 'string' && typeof right === 'string') return left.toUpperCase() === right.toUpperCase();
  return typeof left === typeof right ? left === right : Number(left ?? 0) === Number(right ?? 0);
}

/** The rules of GitHub's documentation, taken literally: "Running variations of jobs in a workflow". */
function expandSimply({ vectors, include, exclude }: Matrix): { [key: string]: Json }[] {
  const keys = Object.keys(vectors);
  let crossed: { [key: string]: Json }[] = keys.length > 0 ? [{}] : [];
  for (const name of keys)
    crossed = crossed.flatMap((one) => (vectors[name] as Json[]).map((item) => ({ ...one, [name]: item })));
  const kept = crossed.filter(
    (one) => !exclude.some((filter) => Object.keys(filter).every((name) => same(filter[name], one[name]))),
  );
  const added: { [key: string]: Json }[] = [];
  const results = kept.map((one) => ({ ...one }));
  for (const item of include) {
    const filter = Object.keys(item).filter((name) => keys.includes(name));
    const rest = Object.entries(item).filter(([name]) => !keys.includes(name));
    const fitting = kept.flatMap((one, index) => (filter.every((name) => same(item[name], one[name])) ? [index] : []));
    for (const index of fitting) Object.assign(results[index] as object, Object.fromEntries(rest));
    if (fitting.length === 0) added.push(item);
  }
  return [...results, ...added];
}

export const matrixTargets: Target[] = [
  target('matrix', 'a matrix comes to the combinations that the documentation describes', 1000, matrices, (given) => {
    const { vectors, include, exclude } = given;
    const isStrange = exclude.some((filter) => Object.keys(filter).some((name) => !Object.hasOwn(vectors, name)));
    const expected = expandSimply(given);
    const expand = () => expandMatrix({ ...vectors, include, exclude } as Json).map(({ matrix }) => matrix);
    if (isStrange || expected.length === 0) expect(expand).to.throw();
    else expect(expand()).to.deep.equal(expected);
  }),
];
